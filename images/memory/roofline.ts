import { type ModelFacts, sumOf } from '../../recipes/model-facts.ts'
import { bytesPerTokenOf, fixedBytesOf, type LayerCache } from './cache.ts'
import type { Gpu } from './gpus.ts'
import type { Roofline } from './result.ts'

export interface RooflineInput {
  facts: ModelFacts
  gpu: Gpu
  gpuCount: number
  /** Ranks that share each layer. */
  tp: number
  /** Bytes of one whole copy. */
  weightsBytes: number
  caches: readonly LayerCache[]
  sequences: number
  contextTokens: number
}

/**
 * Bounds that no engine can pass: decode reads every active weight once a step and the cache of
 * every sequence; prefill does 2 x parameters x tokens of work and 2 x layers x heads x head size x tokens^2. Real
 * engines reach 60 to 80 % of the first. Null where the GPU's rates are not known.
 */
export function rooflineOf(input: RooflineInput): Roofline | null {
  const { gpu, tp, caches, gpuCount } = input
  if (gpu.bandwidthBytesPerSecond <= 0) return null
  const one = stepSeconds(input, 1, 0)
  const batchSize = Math.max(1, Math.floor(input.sequences))
  const many = stepSeconds(input, batchSize, cacheReadBytes(caches, input.contextTokens))
  const flops = prefillFlops(input)
  const rate = gpu.tflops.half * 1e12 * Math.max(tp, gpuCount)
  return {
    decodeTokensPerSecondPerSequence: round(1 / one),
    decodeTokensPerSecondTotal: round(batchSize / many),
    batchSize,
    timeToFirstTokenSeconds: rate > 0 ? round(flops / rate) : 0,
    promptTokens: input.contextTokens,
  }
}

/** Seconds of one decode step: the slower of reading memory and computing. */
function stepSeconds(input: RooflineInput, batch: number, cacheBytes: number): number {
  const { gpu, tp, weightsBytes, facts } = input
  const read = (weightsBytes * activeShare(facts, batch)) / tp + batch * cacheBytes
  const compute = (2 * activeParameters(input) * batch) / (gpu.tflops.half * 1e12 * tp)
  return Math.max(read / gpu.bandwidthBytesPerSecond, Number.isFinite(compute) ? compute : 0)
}

/** A batch of B touches E x (1 - (1 - k/E)^B) experts. The image tower and draft layers are not read. */
function activeShare(facts: ModelFacts, batch: number): number {
  const roles = facts.weights?.byRole ?? facts.parameters
  if (!roles) return 1
  const total = sumOf(roles)
  const idle = (roles.vision ?? 0) + (roles.draft ?? 0)
  const experts = facts.experts
  const touched = experts ? 1 - (1 - experts.perToken / experts.count) ** batch : 1
  return (total - idle - (roles.expert ?? 0) * (1 - touched)) / total
}

function activeParameters({ facts, weightsBytes }: RooflineInput): number {
  const parameters = facts.parameters ? sumOf(facts.parameters) : weightsBytes / 2
  return parameters * activeShare(facts, 1)
}

function prefillFlops(input: RooflineInput): number {
  const { facts, contextTokens: tokens } = input
  const attention = facts.layers.reduce(
    (sum, { count, layer }) => sum + ('kvHeads' in layer || layer.kind === 'mla' ? count : 0),
    0,
  )
  return 2 * activeParameters(input) * tokens + 2 * attention * facts.headCount * facts.headDim * tokens ** 2
}

function cacheReadBytes(caches: readonly LayerCache[], tokens: number): number {
  const full = bytesPerTokenOf(caches.filter((cache) => cache.spanTokens === null)) * tokens
  const windowed = caches
    .filter((cache) => cache.spanTokens !== null && cache.kind !== 'cross')
    .reduce((sum, cache) => sum + cache.count * cache.tokenBytes * Math.min(tokens, cache.spanTokens ?? 0), 0)
  return full + windowed + fixedBytesOf(caches)
}

function round(value: number): number {
  return Number(value.toPrecision(6))
}
