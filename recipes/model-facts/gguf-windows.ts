import { type GgufHeader, numberAt } from './gguf-values.ts'

interface WindowRule {
  /** Layers of one round, one of which sees everything. */
  period: number
  /** Where nothing in the header says so. */
  tokens?: number
  /** The loader takes this size whatever the header says. */
  isFixed?: boolean
  isChunk?: boolean
  /** Windows are those of the model with so many layers alone; smaller ones have none, whatever the header says. */
  layers?: number
  /** The first layer of a round sees everything, and not the last. */
  fullFirst?: boolean
}

/** What llama.cpp's loaders take where a header names no pattern. */
const rules: Readonly<Record<string, WindowRule>> = {
  afmoe: { period: 4 },
  cohere2: { period: 4 },
  cohere2moe: { period: 4, fullFirst: true },
  'exaone-moe': { period: 4, tokens: 128 },
  exaone4: { period: 4, layers: 64 },
  gemma2: { period: 2, tokens: 4096 },
  gemma3: { period: 6 },
  gemma3n: { period: 5 },
  'gpt-oss': { period: 2 },
  llama4: { period: 4, tokens: 8192, isFixed: true, isChunk: true },
  mellum: { period: 4 },
  olmo2: { period: 4 },
  plamo3: { period: 8 },
  smallthinker: { period: 4, tokens: 4096, isFixed: true, fullFirst: true },
}

export interface GgufWindow {
  tokens: number
  isChunk: boolean
}

/** Window of one layer; undefined where it sees everything. */
export function ggufWindowAt({ architecture, read }: GgufHeader, index: number): GgufWindow | undefined {
  const rule = rules[architecture]
  const named = numberAt(read('attention.sliding_window'), 0)
  const tokens = named === 0 ? 0 : rule?.isFixed ? (rule.tokens ?? 0) : (named ?? rule?.tokens ?? 0)
  const isOther = rule?.layers !== undefined && numberAt(read('block_count'), 0) !== rule.layers
  if (tokens === 0 || isOther) return undefined
  const isWindow = patternAt(read('attention.sliding_window_pattern'), rule, index)
  return isWindow ? { tokens, isChunk: rule?.isChunk ?? false } : undefined
}

function patternAt(pattern: unknown, rule: WindowRule | undefined, index: number): boolean {
  if (Array.isArray(pattern)) return pattern[index] === true || pattern[index] === 1
  const period = numberAt(pattern, 0) ?? rule?.period
  if (period === undefined) return false
  return rule?.fullFirst ? index % period !== 0 : index % period < period - 1
}
