import type { LayerKind } from '../model-facts.ts'
import type { Config } from './config-value.ts'
import { headCountOf, headDimOf } from './keys.ts'
import { mambaHeadsOf } from './states.ts'

/** Elements of one recurrent layer without its norms. */
export function stateParameters(
  config: Config,
  layer: Extract<LayerKind, { kind: 'state' }>,
  hidden: number,
): number {
  const { innerChannels: inner, groupChannels, groupCount, convTaps } = layer
  const channels = inner + groupChannels * groupCount
  const conv = channels * (convTaps + 1)
  if (layer.family === 'gated-delta-net') return hidden * (channels + inner) + inner * hidden + conv
  if (layer.family === 'kimi-delta') return deltaParameters(inner / 3, layer.stateElements, hidden) + conv
  // Queries, keys, values, output and a gate of the width of all heads.
  if (layer.family === 'lightning')
    return 5 * hidden * (headCountOf(config) ?? 0) * headDimOf(config, hidden, headCountOf(config) ?? 0)
  // Each head has a step as well.
  if (layer.family === 'mamba2')
    return hidden * (channels + inner + (mambaHeadsOf(config) ?? 0)) + inner * hidden + conv
  if (layer.family === 'short-conv') return hidden * 3 * inner + inner * hidden + conv
  // Mamba-1 projects its input to a step of rank hidden / 16 and back, and has one matrix of decay.
  const rank = Math.ceil(hidden / 16)
  return hidden * 3 * inner + inner * 2 * rank + 3 * layer.stateElements + conv
}

/** Queries, keys, values and output; forgetting and the gate of the output through a rank of one head; a weight of each head. */
function deltaParameters(inner: number, stateElements: number, hidden: number): number {
  const headDim = stateElements / inner
  const heads = inner / headDim
  return 4 * hidden * inner + 2 * headDim * (hidden + inner) + hidden * heads
}
