import { hasGatedFeedForward } from '../../../recipes/model-facts/families.ts'
import type { LayerKind, ModelFacts } from '../../../recipes/model-facts.ts'
import type { MemoryRequest } from '../../memory/request.ts'

/** Defaults of `--max-loras` and `--max-lora-rank`. */
const defaultSlots = 1
const defaultRank = 16

/** Adapters are of the type of activations. */
const elementBytes = 2

/** Whether places for adapters are asked for. */
function hasAdapters({ adapters, adapterSlots, adapterRank }: MemoryRequest): boolean {
  return adapters === true || adapterSlots !== undefined || adapterRank !== undefined
}

/**
 * Places of adapters on one GPU, which are reserved at the start whatever is loaded: for each matrix of attention and feed-forward
 * slots x rank x (input + output), the input whole and the output divided where a matrix is split by columns, the other way round
 * where it is split by rows (`lora/layers/base_linear.py`); experts have places of their own (`lora/layers/fused_moe.py`).
 */
export function adapterBytes(request: MemoryRequest): number {
  if (!hasAdapters(request)) return 0
  const { facts, adapterSlots = defaultSlots, adapterRank = defaultRank, pp = 1 } = request
  const attention = facts.layers.reduce(
    (sum, { count, layer }) => sum + count * attentionWidth(layer, facts, request),
    0,
  )
  const widths = attention + feedForwardWidth(facts, request)
  return (adapterSlots * adapterRank * widths * elementBytes) / pp
}

/** Layers whose matrices are other ones. */
export function adapterDoubts(request: MemoryRequest): string[] {
  const isOther = request.facts.layers.some(({ layer }) => /^(mla|state|compressed)$/.test(layer.kind))
  return hasAdapters(request) && isOther
    ? ['places of adapters are counted for attention with heads and for feed-forward parts alone']
    : []
}

/** Queries, keys and values read the hidden vector each, and write heads; the output reads heads and writes one vector. */
function attentionWidth(layer: LayerKind, facts: ModelFacts, { tp = 1 }: MemoryRequest): number {
  if (!('kvHeads' in layer)) return 0
  const { hiddenSize, headCount } = facts
  const keyValue = Math.max(1, Math.ceil(layer.kvHeads / tp)) * (layer.keyDim + layer.valueDim)
  const heads = (headCount * (layer.keyDim + layer.valueDim)) / tp
  return 3 * hiddenSize + keyValue + heads + hiddenSize
}

/** Two matrices that read the hidden vector and one that writes it, or one of each. */
function feedForwardWidth(facts: ModelFacts, { tp = 1, dp = 1 }: MemoryRequest): number {
  const { hiddenSize, activeFfnSize, experts, layerCount } = facts
  const matrices = hasGatedFeedForward(facts.modelType) ? 3 : 2
  if (!experts) return layerCount * matrices * (hiddenSize + activeFfnSize / tp)
  const shared = Math.max(0, activeFfnSize - experts.perToken * experts.ffnSize)
  const routed = experts.count * matrices * (hiddenSize + experts.ffnSize / (tp * dp))
  return experts.layerCount * (routed + (shared > 0 ? matrices * (hiddenSize + shared / tp) : 0))
}
