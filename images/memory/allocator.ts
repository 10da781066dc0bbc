import { hasGatedFeedForward } from '../../recipes/model-facts/families.ts'
import type { ModelFacts } from '../../recipes/model-facts.ts'

const MiB = 1024 ** 2

/**
 * What PyTorch's allocator wastes on the weights of a dense model: tensors of 1 to 10 MiB share segments of 20 MiB, larger
 * ones take whole 2 MiB, and a rest of at most 1 MiB stays with its tensor. OPT-125m: 238.88 MiB of tensors take the
 * 244.61 that vllm#3120 logs. It is nothing for widths that are powers of two, and not computed for experts, packed
 * weights and recurrent layers, whose tensors are large.
 */
export function allocatorWasteBytes(facts: ModelFacts, tp: number): number {
  const sizes = tensorSizes(facts, tp)
  return allocatedBytes(sizes) - sizes.reduce((sum, size) => sum + size, 0)
}

/** Bytes that the caching allocator counts as allocated for tensors of more than 1 MiB, in the order of their creation. */
export function allocatedBytes(sizes: readonly number[]): number {
  const rests: number[] = []
  let allocated = 0
  for (const size of sizes.filter((bytes) => bytes > MiB)) {
    const block = takeSmallest(rests, size) ?? segmentBytes(size)
    const rest = block - size
    if (rest > MiB) rests.push(rest)
    allocated += rest > MiB ? size : block
  }
  return allocated
}

function takeSmallest(rests: number[], size: number): number | undefined {
  const fitting = rests.filter((rest) => rest >= size)
  if (fitting.length === 0) return undefined
  return rests.splice(rests.indexOf(Math.min(...fitting)), 1)[0]
}

function segmentBytes(size: number): number {
  return size < 10 * MiB ? 20 * MiB : Math.ceil(size / (2 * MiB)) * 2 * MiB
}

/** Matrices as vLLM creates them, queries, keys and values in one, gate and up in one; 16 bits an element. */
function tensorSizes(facts: ModelFacts, tp: number): number[] {
  const { hiddenSize: hidden, headCount, activeFfnSize, vocabSize, parameters, quantization, experts } = facts
  const isDense = facts.source === 'config' && !experts && !quantization && parameters !== null
  const layers = facts.layers.flatMap(({ count, layer }) => Array.from({ length: count }, () => layer))
  if (!isDense || layers.some((layer) => layer.kind !== 'full' && layer.kind !== 'window')) return []
  const columns = (hasGatedFeedForward(facts.modelType) ? 2 : 1) * activeFfnSize
  const elements = layers.flatMap((layer) => {
    if (!('kvHeads' in layer)) return []
    const keyValues = Math.max(1, layer.kvHeads / tp) * (layer.keyDim + layer.valueDim)
    const queries = (headCount * layer.keyDim) / tp
    return [
      hidden * (queries + keyValues),
      (hidden * headCount * layer.valueDim) / tp,
      (hidden * columns) / tp,
      (hidden * activeFfnSize) / tp,
    ]
  })
  const learned = Math.max(0, (parameters.embedding ?? 0) - vocabSize * hidden)
  const ends = [(vocabSize * hidden) / tp, learned]
  const head = facts.tiedEmbeddings ? [] : [(vocabSize * hidden) / tp]
  return [...ends, ...elements, ...head].map((count) => Math.ceil((count * 2) / 512) * 512)
}
