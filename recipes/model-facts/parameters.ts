import type { LayerKind, RoleCounts } from '../model-facts.ts'
import { hasGatedFeedForward } from './families.ts'
import {
  type Config,
  countOf,
  headCountOf,
  hiddenSizeOf,
  layerCountOf,
  listOf,
  numberOf,
  textOf,
  vocabSizeOf,
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

export function feedForwardOf(config: Config): FeedForward {
  const layers = layerCountOf(config) ?? 0
  const expertCount =
    countOf(config, 'num_local_experts', 'num_experts', 'n_routed_experts', 'moe_num_experts') ?? 0
  const hidden = hiddenSizeOf(config) ?? 0
  const isLlama4 = textOf(config, 'model_type')?.startsWith('llama4') ?? false
  const denseSize =
    (isLlama4 ? countOf(config, 'intermediate_size_mlp') : undefined) ??
    countOf(config, 'intermediate_size', 'n_inner', 'ffn_hidden_size', 'ffn_dim', 'decoder_ffn_dim') ??
    4 * hidden
  const expertSize =
    countOf(config, 'moe_intermediate_size', 'expert_ffn_hidden_size') ??
    countOf(config, 'intermediate_size') ??
    denseSize
  const expertLayers = expertCount > 1 ? expertLayerCount(config, layers) : 0
  return {
    denseSize,
    expertCount: expertCount > 1 ? expertCount : 0,
    expertsPerToken:
      countOf(config, 'num_experts_per_tok', 'num_experts_per_token', 'moe_topk', 'moe_k', 'top_k_experts') ??
      1,
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

/**
 * Elements by role of one copy of the text model, or null when a size is missing (memory.md section 1.1).
 * Checked against published totals in test/recipes/model-facts.test.ts; exact for dense Llama-like models.
 */
export function parametersOf(config: Config, layers: readonly LayerKind[], tied: boolean): RoleCounts | null {
  const hidden = hiddenSizeOf(config)
  const heads = headCountOf(config) ?? 0
  const vocab = vocabSizeOf(config)
  if (!hidden || vocab === 0 || listOf(config, 'block_configs')) return null
  const counts: RoleCounts = { embedding: vocab * hidden, head: tied ? 0 : vocab * hidden, norm: hidden }
  for (const layer of layers) add(counts, layerParameters(config, layer, hidden, heads))
  add(counts, feedForwardParameters(config, hidden))
  return counts
}

function add(counts: RoleCounts, more: RoleCounts): void {
  for (const [role, value] of Object.entries(more)) {
    // Object.entries widens the keys of RoleCounts to string.
    const key = role as keyof RoleCounts
    counts[key] = (counts[key] ?? 0) + value
  }
}

function layerParameters(config: Config, layer: LayerKind, hidden: number, heads: number): RoleCounts {
  const norm = hidden * 2
  switch (layer.kind) {
    case 'none':
      return { norm }
    case 'state':
      return { norm, state: stateParameters(layer, hidden) }
    case 'mla':
      return { norm, ...latentParameters(config, layer, hidden, heads) }
    default:
      return attentionParameters(config, layer, hidden, heads)
  }
}

type AttentionLayer = Extract<LayerKind, { kvHeads: number }>

function attentionParameters(
  config: Config,
  layer: AttentionLayer,
  hidden: number,
  heads: number,
): RoleCounts {
  const type = textOf(config, 'model_type') ?? ''
  const biased = hasAttentionBias(config)
  const queries = heads * layer.keyDim * (config['attn_output_gate'] === true ? 2 : 1)
  const keyValue = layer.kvHeads * (layer.keyDim + layer.valueDim)
  const sinks = type === 'gpt_oss' ? heads + hidden : 0
  return {
    norm: hidden * (type.startsWith('gemma') ? 4 : 2) + (hasQueryKeyNorm(config) ? layer.keyDim * 2 : 0),
    attention: hidden * queries + heads * layer.valueDim * hidden + (biased ? queries : 0) + sinks,
    keyValue: hidden * keyValue + (biased ? keyValue : 0),
  }
}

/** Qwen2 has biases on q, k and v and no key that says so; others say it. */
function hasAttentionBias(config: Config): boolean {
  const type = textOf(config, 'model_type') ?? ''
  if (config['attention_bias'] === true || config['qkv_bias'] === true || config['use_qkv_bias'] === true)
    return true
  return /^qwen2|^gpt2|^gpt_bigcode|^opt|^bloom/.test(type)
}

function hasQueryKeyNorm(config: Config): boolean {
  const type = textOf(config, 'model_type') ?? ''
  return /^qwen3|^gemma3|^gemma4/.test(type) || config['use_qk_norm'] === true
}

function latentParameters(
  config: Config,
  layer: Extract<LayerKind, { kind: 'mla' }>,
  hidden: number,
  heads: number,
): RoleCounts {
  const queryRank = countOf(config, 'q_lora_rank')
  const nope = countOf(config, 'qk_nope_head_dim') ?? 0
  const valueDim = countOf(config, 'v_head_dim') ?? nope
  const queryDim = heads * (nope + layer.ropeDim)
  const down = hidden * (layer.latentDim + layer.ropeDim) + (queryRank ? hidden * queryRank : 0)
  const query = queryRank ? queryRank * queryDim : hidden * queryDim
  return {
    mlaDown: down,
    attention: query + layer.latentDim * heads * (nope + valueDim) + heads * valueDim * hidden,
    norm: hidden * 2 + layer.latentDim + (queryRank ?? 0),
  }
}

function stateParameters(layer: Extract<LayerKind, { kind: 'state' }>, hidden: number): number {
  const { innerChannels: inner, groupChannels, groupCount, convTaps } = layer
  const channels = inner + groupChannels * groupCount
  const conv = channels * (convTaps + 1)
  if (layer.family === 'gated-delta-net') return hidden * (channels + inner) + inner * hidden + conv
  if (layer.family === 'mamba2') return hidden * (channels + inner) + inner * hidden + conv
  if (layer.family === 'short-conv') return hidden * 3 * inner + inner * hidden + conv
  // Mamba-1 projects its input to a step of rank hidden / 16 and back, and has one matrix of decay.
  const rank = Math.ceil(hidden / 16)
  return hidden * 3 * inner + inner * 2 * rank + 3 * layer.stateElements + conv
}

/** Pure Mamba has no feed-forward part: its `intermediate_size` is the width of the state. */
function isPureMamba(config: Config): boolean {
  return ['mamba', 'mamba2', 'falcon_mamba'].includes(textOf(config, 'model_type') ?? '')
}

function feedForwardParameters(config: Config, hidden: number): RoleCounts {
  if (isPureMamba(config)) return {}
  const ffn = feedForwardOf(config)
  const matrices = hasGatedFeedForward(textOf(config, 'model_type') ?? '') ? 3 : 2
  const isGptOss = textOf(config, 'model_type') === 'gpt_oss'
  const biases = isGptOss ? 2 * ffn.expertSize + hidden : 0
  const perRouter = hidden * ffn.expertCount + (isGptOss ? ffn.expertCount : 0)
  return {
    dense: ffn.denseLayers * matrices * hidden * ffn.denseSize,
    expert: ffn.expertLayers * ffn.expertCount * matrices * hidden * ffn.expertSize,
    // Biases of packed experts stay in 16 bits: gpt-oss-120b is then exact to the byte (hf-mem#60).
    other: ffn.expertLayers * ffn.expertCount * biases,
    shared: ffn.expertLayers * matrices * hidden * ffn.sharedSize,
    router: ffn.expertLayers * perRouter,
  }
}
