import type { Config } from './config-value.ts'
import {
  countOf,
  firstCountOf,
  hiddenSizeOf,
  layerCountOf,
  layerListOf,
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
  /** Channels that go into an expert; fewer than the hidden size where tokens are projected down before. */
  expertInput: number
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
  const expertCount = expertCountOf(config)
  const hidden = hiddenSizeOf(config) ?? 0
  const denseSize = denseSizeOf(config, hidden)
  const expertSize =
    firstCountOf(config, 'moe_intermediate_size', 'expert_ffn_hidden_size') ??
    firstCountOf(config, 'intermediate_size') ??
    denseSize
  const { expertLayers, denseLayers } = expertCount > 0 ? splitOf(config, layers) : plainOf(config, layers)
  return {
    denseSize,
    expertCount,
    expertsPerToken: firstCountOf(config, ...perTokenNames) ?? 1,
    expertSize,
    expertInput:
      firstCountOf(config, 'moe_latent_size', 'routed_expert_hidden_size', 'moe_hidden_size') ?? hidden,
    sharedSize: sharedSizeOf(config, expertSize),
    expertLayers,
    denseLayers,
  }
}

const perTokenNames = [
  'num_experts_per_tok',
  'num_experts_per_token',
  'moe_topk',
  'moe_k',
  'moe_top_k',
  'top_k_experts',
]

/** 0 for a model without experts; one expert is a plain layer. */
function expertCountOf(config: Config): number {
  if (config['is_moe'] === false) return 0
  const names = ['num_local_experts', 'num_experts', 'n_routed_experts', 'moe_num_experts']
  const count = firstCountOf(config, ...names) ?? 0
  return count > 1 ? count : 0
}

function denseSizeOf(config: Config, hidden: number): number {
  const isLlama4 = textOf(config, 'model_type')?.startsWith('llama4') ?? false
  const own = firstCountOf(config, 'dense_intermediate_size', 'block_ff_dim')
  const named =
    (isLlama4 ? firstCountOf(config, 'intermediate_size_mlp') : own) ??
    firstCountOf(config, ...denseNames) ??
    4 * hidden
  return config['block_auto_adjust_ff_dim'] === true ? adjusted(config, named) : named
}

const denseNames = [
  'intermediate_size',
  'n_inner',
  'ffn_hidden_size',
  'decoder_ffn_dim',
  'ffn_dim',
  'd_ff',
  'dim_ff',
]

/** LFM2 takes two thirds of what it names, times a factor, and rounds up. */
function adjusted(config: Config, named: number): number {
  const multiple = countOf(config, 'block_multiple_of') ?? 256
  const size = Math.floor((2 * named) / 3) * (numberOf(config, 'block_ffn_dim_multiplier') ?? 1)
  return multiple * Math.ceil(Math.floor(size) / multiple)
}

function sharedSizeOf(config: Config, expertSize: number): number {
  const named = countOf(
    config,
    'shared_expert_intermediate_size',
    'moe_shared_expert_intermediate_size',
    'shared_intermediate_size',
    'share_expert_dim',
  )
  if (named) return named
  const isLlama4 = textOf(config, 'model_type')?.startsWith('llama4') ?? false
  return (
    (countOf(config, 'n_shared_experts', 'num_shared_experts', 'moe_num_shared_experts') ??
      (isLlama4 ? 1 : 0)) * expertSize
  )
}

interface LayerSplit {
  expertLayers: number
  denseLayers: number
}

/** Layers with experts and layers without: a list of them wins over a rule. */
function splitOf(config: Config, layers: number): LayerSplit {
  const words = ffnWordsOf(config)
  if (words) {
    const count = (wanted: readonly string[]) => words.filter((word) => wanted.includes(word)).length
    return {
      expertLayers: count(['E', 'moe', 'sparse', 'hash_moe']),
      denseLayers: count(['-', 'mlp', 'dense']),
    }
  }
  const expertLayers = Math.max(0, expertLayerCount(config, layers))
  // Gemma 4 has a plain part beside the experts of each layer.
  if (config['enable_moe_block'] === true) return { expertLayers, denseLayers: layers }
  return { expertLayers, denseLayers: isShortcut(config) ? 2 * layers : layers - expertLayers }
}

/** LongCat-Flash has two attentions and two plain parts in each layer beside its experts, and a name of its own for layers. */
export function isShortcut(config: Config): boolean {
  return Boolean(countOf(config, 'num_layers') && countOf(config, 'expert_ffn_hidden_size'))
}

/** A model without experts has a feed-forward part in each layer, unless a list gives it layers of its own. */
function plainOf(config: Config, layers: number): LayerSplit {
  const words = ffnWordsOf(config) ?? []
  const dense = words.filter((word) => word === '-' || word === 'mlp').length
  // Layers of Gemma 4 that keep no cache may be twice as wide.
  const wide = config['use_double_wide_mlp'] === true ? (countOf(config, 'num_kv_shared_layers') ?? 0) : 0
  return { expertLayers: 0, denseLayers: (dense > 0 ? dense : layers) + wide }
}

/** What each layer has behind its attention, or in its place. */
function ffnWordsOf(config: Config): string[] | undefined {
  const pattern = textOf(config, 'hybrid_override_pattern')
  if (pattern) return [...pattern]
  const list = listOf(config, 'mlp_layer_types') ?? listedParts(config)
  return list?.map(String)
}

/** The list of layers, where feed-forward parts are layers of their own. */
function listedParts(config: Config): readonly unknown[] | undefined {
  const list = layerListOf(config)
  return list?.some((word) => word === 'moe' || word === 'mlp') ? list : undefined
}

function expertLayerCount(config: Config, layers: number): number {
  const flags = listOf(config, 'moe_layer_freq')
  if (flags) return flags.filter((flag) => flag === 1).length
  const named = textOf(config, 'moe_layers_enum')
  if (named) return named.split(',').length
  const firstDense =
    numberOf(config, 'first_k_dense_replace', 'num_dense_layers', 'moe_layer_start_index') ?? 0
  const step =
    countOf(
      config,
      'interleave_moe_layer_step',
      'decoder_sparse_step',
      'moe_layer_freq',
      'expert_layer_period',
      'moe_layer_interval',
    ) ?? 1
  const denseList = listOf(config, 'mlp_only_layers')?.length ?? 0
  return Math.floor((layers - firstDense) / step) - denseList
}
