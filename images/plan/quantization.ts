import type { Lock } from '../../recipes/lock.ts'
import type { LockedWeights } from '../../recipes/locked-weights.ts'
import type { Finding } from '../../recipes/parse.ts'
import type { QuantizedSource } from '../../recipes/quantization.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import { engineOf } from '../engines/engines.ts'

/** What speaks against quantising before anything is locked: a server that loads no GGUF. */
export function quantizationFindings({ engine, weights }: Recipe): Finding[] {
  const { title, formats } = engineOf(engine.id)
  if (weights.quantize === undefined || formats.includes('gguf')) return []
  return [
    {
      kind: 'problem',
      path: ['weights', 'quantize'],
      part: 'key',
      message: `${title} loads no GGUF, which is what weights.quantize makes`,
      hint: 'take engine.id llama-cpp or ollama; or leave it out and name weights that somebody quantised for this engine',
    },
  ]
}

/** That tensors have other types than was asked for, which the name of the type does not say. */
export function fallbackDoubts({ weights }: Pick<Lock, 'weights'>): string[] {
  const { source } = weights
  if (source.type !== 'quantized' || source.fellBack === 0) return []
  const { to, fellBack } = source
  return [
    `weights.quantize: ${fellBack} tensors of ${tensorTotal(source)} have a larger type than ${to} asks for, since their width is no multiple of 256: ${tensorWords(source)}`,
  ]
}

function tensorTotal({ tensors }: QuantizedSource): number {
  return tensors.reduce((sum, { count }) => sum + count, 0)
}

/** Such as `16 Q4_K, 14 Q6_K, 166 Q5_0`. */
export function tensorWords({ tensors }: Pick<QuantizedSource, 'tensors'>): string {
  return tensors.map(({ type, count }) => `${count} ${type}`).join(', ')
}

/** How weights were made here, for a plan that a person reads; empty where they came as they are. */
export function quantizationWords({ source, files }: Pick<LockedWeights, 'source' | 'files'>): string[] {
  if (source.type !== 'quantized') return []
  const before = source.from.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const now = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const matrix = source.imatrix === undefined ? '' : `, weighed by ${source.imatrix.path}`
  const tool = source.tool.packages.find(({ name }) => name === 'llama.cpp-tools')
  const share = Math.round((now / before) * 100)
  return [
    `${source.model} as ${source.to}${matrix}, ${share} % of its bytes: ${tensorWords(source)}; llama-quantize ${tool?.version ?? ''}`.trim(),
  ]
}
