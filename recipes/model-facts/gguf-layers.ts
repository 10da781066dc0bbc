import type { LayerKind } from '../model-facts.ts'
import { ggufState } from './gguf-states.ts'
import { type GgufHeader, numberAt, type Reader } from './gguf-values.ts'
import { ggufWindowAt } from './gguf-windows.ts'

/** Architectures for which llama.cpp makes no cache (`llama_model::create_memory`). */
const encoders =
  /^((jina-bert|nomic-bert|neo-bert|modern-bert|eurobert|bert)|gemma-embedding|dream|llada|rnd1|wavtokenizer|t5encoder)/

export function isEncoderGguf(architecture: string): boolean {
  return encoders.test(architecture)
}

/** Architectures whose caches follow rules of their own that nobody has taught the planner from a header. */
const unread: Readonly<Record<string, string>> = {
  glm5next: 'how the index layers of glm5next share the cache',
}

export function ggufLayers(
  header: GgufHeader,
  { count, headDim }: { count: number; headDim: number },
  missing: string[],
): LayerKind[] {
  const unknown = unread[header.architecture]
  if (unknown) missing.push(unknown)
  return Array.from({ length: count }, (_, index) =>
    kindsAt(header, { index, count, headDim }, missing),
  ).flat()
}

interface LayerNumber {
  index: number
  count: number
  headDim: number
}

function kindsAt(header: GgufHeader, number: LayerNumber, missing: string[]): LayerKind[] {
  const { architecture, read } = header
  const { index, count } = number
  if (isEncoderGguf(architecture)) return [encoderAt(read, number)]
  if (index >= keepingLayers(header, count)) return [{ kind: 'none' }]
  if (architecture === 'deepseek4') return [compressedAt(read, number, missing)]
  if (isRecurrent(header, index)) return [ggufState(header, missing)]
  // Falcon-H1 has both in every layer.
  const beside = architecture === 'falcon-h1' ? [ggufState(header, missing)] : []
  const attention = attentionAt(header, number, missing)
  return [...beside, attention]
}

/** DeepSeek-V4: its header has the tokens of a vector layer by layer, 0 where there is a window alone. */
function compressedAt(read: Reader, { index, headDim }: LayerNumber, missing: string[]): LayerKind {
  const ratios = read('attention.compress_ratios')
  const windowTokens = numberAt(read('attention.sliding_window'), index)
  if (!Array.isArray(ratios) || !windowTokens)
    missing.push('attention.compress_ratios, attention.sliding_window')
  const ratio = Math.max(1, numberAt(ratios, index) ?? 1)
  return {
    kind: 'compressed',
    headDim,
    ropeDim: numberAt(read('rope.dimension_count'), 0) ?? 0,
    windowTokens: windowTokens ?? 0,
    ratio,
    indexDim: ratio === 4 ? (numberAt(read('attention.indexer.key_length'), 0) ?? 0) : 0,
  }
}

/** Layers of Gemma 3n that llama.cpp gives a cache, whatever the header says. */
const keptOfGemma3n = 20

/** Layers from the first on that keep a cache of their own; the others read that of an earlier one. */
function keepingLayers({ architecture, read }: GgufHeader, count: number): number {
  if (architecture === 'gemma3n') return keptOfGemma3n
  return count - (numberAt(read('attention.shared_kv_layers'), 0) ?? 0)
}

function kvHeadsAt(read: Reader, index: number): number {
  return (
    numberAt(read('attention.head_count_kv'), index) ?? numberAt(read('attention.head_count'), index) ?? 0
  )
}

function encoderAt(read: Reader, { index, headDim }: LayerNumber): LayerKind {
  return { kind: 'encoder', kvHeads: Math.max(1, kvHeadsAt(read, index)), keyDim: headDim, valueDim: headDim }
}

function attentionAt(header: GgufHeader, { index, headDim }: LayerNumber, missing: string[]): LayerKind {
  const { read } = header
  const kvHeads = kvHeadsAt(read, index)
  if (kvHeads === 0) return isFeedForward(read, index) ? { kind: 'none' } : ggufState(header, missing)
  const latent = latentRankOf(read)
  if (latent) return latentOf(header, latent)
  const window = ggufWindowAt(header, index)
  const suffix = window && read('attention.key_length_swa') !== undefined ? '_swa' : ''
  const keyDim = numberAt(read(`attention.key_length${suffix}`), index) ?? headDim
  const valueDim = numberAt(read(`attention.value_length${suffix}`), index) ?? keyDim
  const heads = { kvHeads, keyDim, valueDim }
  if (!window) return { kind: 'full', ...heads }
  return window.isChunk
    ? { kind: 'chunked', ...heads, chunkTokens: window.tokens }
    : { kind: 'window', ...heads, windowTokens: window.tokens }
}

/** Nemotron-H gives each layer a feed-forward width or a state, and no layer both. */
function isFeedForward(read: Reader, index: number): boolean {
  const widths = read('feed_forward_length')
  const alternates = Array.isArray(widths) && widths.some((width) => Number(width) === 0)
  const hasState = ['ssm.state_size', 'kda.head_dim', 'shortconv.l_cache'].some(
    (key) => read(key) !== undefined,
  )
  return !hasState || (alternates && Number(widths[index]) > 0)
}

/** Mamba and RWKV in every layer; Qwen3-Next and its followers in all but each fourth. */
function isRecurrent({ architecture, read }: GgufHeader, index: number): boolean {
  if (/^(mamba|rwkv|arwkv)/.test(architecture)) return true
  if (read('ssm.state_size') === undefined) return false
  const usual = /^qwen3(5|next)/.test(architecture) ? 4 : undefined
  const interval = numberAt(read('full_attention_interval'), 0) ?? usual
  return interval !== undefined && (index + 1) % interval !== 0
}

/** Files written before llama.cpp knew MLA have a latent rank but no size of its keys, and keep whole heads. */
function latentRankOf(read: Reader): number | undefined {
  return read('attention.key_length_mla') === undefined
    ? undefined
    : numberAt(read('attention.kv_lora_rank'), 0)
}

/** K is latent and rotary part together, V is read from the latent (vector V31 in test/images/memory/vectors). */
function latentOf({ read }: GgufHeader, latentDim: number): LayerKind {
  const whole = numberAt(read('attention.key_length'), 0)
  const ropeDim = numberAt(read('rope.dimension_count'), 0) ?? (whole ? whole - latentDim : 0)
  // The index of sparse models lies beside the latent, on every layer and in the type of the cache (`llama_kv_cache_dsa`).
  const index = numberAt(read('attention.indexer.key_length'), 0) ?? 0
  return { kind: 'mla', latentDim, ropeDim: ropeDim + index, indexDim: 0 }
}
