import type { LayerKind } from '../../recipes/model-facts.ts'
import type { CacheFormat } from './dtypes.ts'

export type CompressedLayer = Extract<LayerKind, { kind: 'compressed' }>

/** Bytes of one vector of DeepSeek-V4's packed cache: 8 bits for what has no position, 16 for what has, 8 bytes of scales. */
export function packedVectorBytes({ headDim, ropeDim }: CompressedLayer): number {
  return headDim - ropeDim + 2 * ropeDim + 8
}

/** One entry of the index: 8 bits an element, and a scale in 32 bits for every 128. */
export function indexEntryBytes(indexDim: number): number {
  return indexDim + Math.ceil(indexDim / 128) * 4
}

/** Bytes of one vector; engines pack it unless they are asked for 16 bits. */
export function vectorBytes(layer: CompressedLayer, format: CacheFormat): number {
  return format.perVector(1) >= 2 ? format.perVector(layer.headDim) : packedVectorBytes(layer)
}
