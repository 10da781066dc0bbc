import { hasGatedFeedForward } from '../../recipes/model-facts/families.ts'
import type { ModelFacts } from '../../recipes/model-facts.ts'

const MiB = 1024 ** 2

/**
 * What PyTorch's allocator wastes on the weights of a dense model: tensors of 1 to 10 MiB share segments of 20 MiB, larger
 * ones take whole 2 MiB, and a rest of at most 1 MiB stays with its tensor. OPT-125m: 238.88 MiB of tensors take the
 * 244.61 that vllm#3120 logs. It is nothing for widths that are powers of two, and not computed for experts and packed
 * weights, whose tensors are large.
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
  if (layersOf(facts, 'mamba2').length > 0) return recurrentSizes(facts, tp)
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

function layersOf({ layers }: ModelFacts, family: string) {
  return layers.flatMap(({ count, layer }) =>
    layer.kind === 'state' && layer.family === family ? [{ count, layer }] : [],
  )
}

/**
 * Mamba-2 has a matrix into each layer and one out of it. Zamba2-2.7B's 54 layers lie in 2 MiB more each than they have: 5.0655 GiB
 * are logged, for 4.96 of tensors. Those of attention beside them are not known one by one.
 */
function recurrentSizes(facts: ModelFacts, tp: number): number[] {
  const { hiddenSize, parameters, experts, quantization } = facts
  const runs = layersOf(facts, 'mamba2')
  const total = runs.reduce((sum, { count }) => sum + count, 0)
  if (experts || quantization || !parameters?.state) return []
  const whole = parameters.state / total
  return runs.flatMap(({ count, layer }) => {
    const conv = (layer.innerChannels + layer.groupChannels * layer.groupCount) * (layer.convTaps + 1)
    const out = hiddenSize * layer.innerChannels
    const sizes = [whole - conv - out, out].map((elements) => Math.ceil((elements * 2) / tp / 512) * 512)
    return Array.from({ length: count }, () => sizes).flat()
  })
}
