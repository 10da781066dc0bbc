import type { LayerKind, ModelFacts } from '../../recipes/model-facts.ts'
import type { CacheFormat } from './dtypes.ts'

export type CompressedLayer = Extract<LayerKind, { kind: 'compressed' }>

/** Bytes of one vector of DeepSeek-V4's packed cache: 8 bits for what has no position, 16 for what has, 8 bytes of scales. */
export function packedVectorBytes({ headDim, ropeDim }: CompressedLayer): number {
  return headDim - ropeDim + 2 * ropeDim + 8
}

/** One entry of the index: 8 bits an element and a scale in 32 bits for every 128, but in the type of the cache in llama.cpp. */
export function indexEntryBytes(indexDim: number, format: CacheFormat): number {
  if (indexDim === 0) return 0
  return isGgml(format) ? format.perVector(indexDim) : indexDim + Math.ceil(indexDim / 128) * 4
}

/** Bytes of one vector; Python's engines pack it unless they are asked for 16 bits. */
export function vectorBytes(layer: CompressedLayer, format: CacheFormat): number {
  return isPacked(format) ? packedVectorBytes(layer) : format.perVector(layer.headDim)
}

export function isPacked({ name }: CacheFormat): boolean {
  return name.startsWith('fp8')
}

/** Types of the cache as ggml calls them. */
export function isGgml({ name }: CacheFormat): boolean {
  return /^(f16|f32|bf16|i?q\d_\w+)$/.test(name)
}

/** What a compressor has not closed for one sequence, in elements: keys and weights, twice where groups of 4 overlap. */
export function openElements({ ratio, headDim, indexDim }: CompressedLayer): number {
  const times = ratio === 4 ? 2 : 1
  return ratio === 1 ? 0 : 2 * times * (headDim + indexDim) * times * ratio
}

/** For engines whose caches of sparse and compressed layers nobody here has read. */
export function sparseDoubts({ layers }: ModelFacts): string[] {
  const isSparse = layers.some(
    ({ layer }) => layer.kind === 'compressed' || ('indexDim' in layer && (layer.indexDim ?? 0) > 0),
  )
  return isSparse ? ['how this engine keeps sparse and compressed layers is not known here'] : []
}

/**
 * Sparse MLA as engines keep it that give every layer an index, those too that read what an earlier one found: SGLang
 * (`DSATokenToKVPool`) and llama.cpp (`llama_kv_cache_dsa`).
 */
export function withIndexes(facts: ModelFacts): ModelFacts {
  const most = Math.max(0, ...facts.layers.map(({ layer }) => (layer.kind === 'mla' ? layer.indexDim : 0)))
  if (most === 0) return facts
  const layers = facts.layers.map(({ count, layer }) => ({
    count,
    layer: layer.kind === 'mla' ? { ...layer, indexDim: most } : layer,
  }))
  return { ...facts, layers }
}
