import type { Config } from './config-value.ts'
import {
  countOf,
  firstCountOf,
  hiddenSizeOf,
  layerCountOf,
  listOf,
  numberOf,
  sectionOf,
  textOf,
} from './keys.ts'

/** Widths of the feed-forward part, in channels. */
export interface FeedForward {
  denseSize: number
  expertCount: number
  expertsPerToken: number
  expertSize: number
  /** Width of the expert every token passes, 0 for none. */
  sharedSize: number
  /** Layers that hold experts; the others are dense. */
  expertLayers: number
  denseLayers: number
}

export function feedForwardOf(outer: Config): FeedForward {
  // DBRX has a section of its own.
  const config = { ...sectionOf(outer, 'ffn_config'), ...outer }
  const layers = layerCountOf(config) ?? 0
  const expertCount =
    firstCountOf(config, 'num_local_experts', 'num_experts', 'n_routed_experts', 'moe_num_experts') ?? 0
  const hidden = hiddenSizeOf(config) ?? 0
  const isLlama4 = textOf(config, 'model_type')?.startsWith('llama4') ?? false
  const denseSize =
    (isLlama4 ? firstCountOf(config, 'intermediate_size_mlp') : undefined) ??
    firstCountOf(config, 'intermediate_size', 'n_inner', 'ffn_hidden_size', 'ffn_dim', 'decoder_ffn_dim') ??
    4 * hidden
  const expertSize =
    firstCountOf(config, 'moe_intermediate_size', 'expert_ffn_hidden_size') ??
    firstCountOf(config, 'intermediate_size') ??
    denseSize
  const expertLayers = expertCount > 1 ? expertLayerCount(config, layers) : 0
  return {
    denseSize,
    expertCount: expertCount > 1 ? expertCount : 0,
    expertsPerToken:
      firstCountOf(
        config,
        'num_experts_per_tok',
        'num_experts_per_token',
        'moe_topk',
        'moe_k',
        'moe_top_k',
        'top_k_experts',
      ) ?? 1,
    expertSize,
    sharedSize: sharedSizeOf(config, expertSize),
    expertLayers,
    denseLayers: denseLayerCount(config, layers, expertLayers),
  }
}

function sharedSizeOf(config: Config, expertSize: number): number {
  const named = countOf(
    config,
    'shared_expert_intermediate_size',
    'moe_shared_expert_intermediate_size',
    'shared_intermediate_size',
  )
  if (named) return named
  const isLlama4 = textOf(config, 'model_type')?.startsWith('llama4') ?? false
  return (countOf(config, 'n_shared_experts', 'num_shared_experts') ?? (isLlama4 ? 1 : 0)) * expertSize
}

function expertLayerCount(config: Config, layers: number): number {
  const pattern = textOf(config, 'hybrid_override_pattern')
  if (pattern) return [...pattern].filter((letter) => letter === 'E').length
  const flags = listOf(config, 'moe_layer_freq')
  if (flags) return flags.filter((flag) => flag === 1).length
  const firstDense = numberOf(config, 'first_k_dense_replace', 'num_dense_layers') ?? 0
  const step =
    countOf(
      config,
      'interleave_moe_layer_step',
      'decoder_sparse_step',
      'moe_layer_freq',
      'expert_layer_period',
    ) ?? 1
  const denseList = listOf(config, 'mlp_only_layers')?.length ?? 0
  return Math.floor((layers - firstDense) / step) - denseList
}

function denseLayerCount(config: Config, layers: number, expertLayers: number): number {
  const pattern = textOf(config, 'hybrid_override_pattern')
  if (pattern) return [...pattern].filter((letter) => letter === '-').length
  return layers - expertLayers
}
