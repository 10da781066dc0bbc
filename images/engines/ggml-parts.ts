import type { ModelFacts } from '../../recipes/model-facts.ts'
import type { GraphTensor } from './ggml-allocator.ts'

/** One batch as the graph is reserved for it. */
export interface GraphBatch {
  tokens: number
  sequences: number
  /** Tokens whose logits are kept. */
  outputs: number
  /** Cells of one stream of the cache, by window; null for layers that see everything. */
  cellsOf(windowTokens: number | null): number
  usesFlash: boolean
  /** Builds that write values to places which the host names, one by one. */
  placesValues: boolean
  /** Builds that mix embeddings of images into those of tokens copy them three times. */
  mixesEmbeddings: boolean
  /** Ollama's own runner computes activation and product apart, and keeps masks in 32 and in 16 bits. */
  isPlain: boolean
}

export interface Graph {
  facts: ModelFacts
  batch: GraphBatch
  tensors: GraphTensor[]
}

export const floatBytes = 4

export function add(graph: Graph, tensor: GraphTensor): string {
  graph.tensors.push(tensor)
  return tensor.name
}

export const rowBytes = ({ batch }: Graph, width: number) => floatBytes * width * batch.tokens

export function maskName(windowTokens: number | null): string {
  return windowTokens === null ? 'mask' : `mask ${windowTokens}`
}
