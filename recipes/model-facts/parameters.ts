import type { LayerKind, RoleCounts } from '../model-facts.ts'
import type { Config } from './config-value.ts'
import { encoderParametersOf } from './encoder-parameters.ts'
import { hasGatedFeedForward } from './families.ts'
import { type FeedForward, feedForwardOf } from './feed-forward.ts'
import {
  countOf,
  headCountOf,
  hiddenSizeOf,
  layerCountOf,
  listOf,
  maxPositionsOf,
  textOf,
  vocabSizeOf,
} from './keys.ts'
import { type AttentionLayer, readingLayersOf } from './readers.ts'
import { stateParameters } from './state-parameters.ts'

/**
 * Elements by role of one copy of the text model, or null when a size is missing.
 * Checked against published totals in test/recipes/model-facts.test.ts; exact for dense Llama-like models.
 */
export function parametersOf(config: Config, layers: readonly LayerKind[], tied: boolean): RoleCounts | null {
  const hidden = hiddenSizeOf(config)
  const heads = headCountOf(config) ?? 0
  const vocab = vocabSizeOf(config)
  if (!hidden || vocab === 0 || listOf(config, 'block_configs')) return null
  // ELECTRA and OPT-350m embed in fewer channels than their layers have.
  const width = countOf(config, 'embedding_size', 'word_embed_proj_dim') ?? hidden
  const counts: RoleCounts = { embedding: vocab * width, head: tied ? 0 : vocab * hidden, norm: hidden }
  const blocks = sharedBlockParameters(config, layers, hidden)
  for (const layer of layers)
    if (!blocks || layer.kind === 'state') add(counts, layerParameters(config, layer, hidden, heads))
  for (const layer of readingLayersOf(config))
    add(counts, readerParameters(config, attentionParameters(config, layer, hidden, heads)))
  add(counts, blocks ?? feedForwardParameters(config, hidden))
  add(counts, encoderParametersOf(config, hidden))
  add(counts, olderParameters(config, hidden))
  return counts
}

/**
 * Zamba2 has a few blocks of attention and feed-forward that its hybrid layers take in turn, over hidden states and embeddings
 * together; each layer has a matrix and low-rank adapters of its own. Undefined for other models.
 */
function sharedBlockParameters(
  config: Config,
  layers: readonly LayerKind[],
  hidden: number,
): RoleCounts | undefined {
  const blocks = countOf(config, 'num_mem_blocks')
  const hybrid = layers.filter((layer) => 'kvHeads' in layer)
  const [first] = hybrid
  if (!blocks || !first || !('kvHeads' in first)) return undefined
  const wide = countOf(config, 'attention_hidden_size') ?? 2 * hidden
  const queries = (headCountOf(config) ?? 0) * first.keyDim
  const ffn = feedForwardOf(config).denseSize
  const rank = countOf(config, 'adapter_rank') ?? 0
  const adapter =
    rank * (hidden + 2 * ffn) + (config['use_shared_attention_adapter'] === true ? 6 * wide * rank : 0)
  return {
    attention: blocks * (wide * queries + queries * hidden) + hybrid.length * (hidden * hidden + adapter),
    keyValue: blocks * wide * first.kvHeads * (first.keyDim + first.valueDim),
    dense: blocks * 3 * hidden * ffn,
  }
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
      return { norm, state: stateParameters(config, layer, hidden) }
    case 'mla':
      return { norm, ...latentParameters(config, layer, hidden, heads) }
    case 'compressed':
      return { norm, ...compressedParameters(config, layer, hidden, heads) }
    default:
      return textOf(config, 'model_type') === 'minicpm3'
        ? latentParameters(config, expandedLatentOf(config), hidden, heads)
        : attentionParameters(config, layer, hidden, heads)
  }
}

/** MiniCPM3 keeps whole heads, and has the matrices of MLA. */
function expandedLatentOf(config: Config): MlaLayer {
  const latentDim = countOf(config, 'kv_lora_rank') ?? 0
  return { kind: 'mla', latentDim, ropeDim: countOf(config, 'qk_rope_head_dim') ?? 0, indexDim: 0 }
}

type MlaLayer = Extract<LayerKind, { kind: 'mla' }>

/** A layer that reads the cache of an earlier one has queries and an output; Gemma 3n has keys and values that it does not use. */
function readerParameters(config: Config, { attention = 0, keyValue = 0 }: RoleCounts): RoleCounts {
  return textOf(config, 'model_type')?.startsWith('gemma3n') ? { attention, keyValue } : { attention }
}

function attentionParameters(
  config: Config,
  layer: AttentionLayer,
  hidden: number,
  heads: number,
): RoleCounts {
  const type = textOf(config, 'model_type') ?? ''
  const biased = hasAttentionBias(config)
  const queries = heads * layer.keyDim * (hasOutputGate(config) ? 2 : 1)
  const keyValue = layer.kvHeads * (layer.keyDim + layer.valueDim)
  const sinks = type === 'gpt_oss' ? heads + hidden : 0
  return {
    norm: hidden * (type.startsWith('gemma') ? 4 : 2) + (hasQueryKeyNorm(config) ? layer.keyDim * 2 : 0),
    attention: hidden * queries + heads * layer.valueDim * hidden + (biased ? queries : 0) + sinks,
    keyValue: hidden * keyValue + (biased ? keyValue : 0),
  }
}

/** Queries of Qwen3-Next and its followers are twice as wide, for a gate behind attention. */
function hasOutputGate(config: Config): boolean {
  const isGated = /^qwen(3_next|3_5|3_6|4)/.test(textOf(config, 'model_type') ?? '')
  return typeof config['attn_output_gate'] === 'boolean' ? config['attn_output_gate'] : isGated
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

function latentParameters(config: Config, layer: MlaLayer, hidden: number, heads: number): RoleCounts {
  const queryRank = countOf(config, 'q_lora_rank')
  const nope = countOf(config, 'qk_nope_head_dim') ?? 0
  const valueDim = countOf(config, 'v_head_dim') ?? nope
  const queryDim = heads * (nope + layer.ropeDim)
  const down = hidden * (layer.latentDim + layer.ropeDim) + (queryRank ? hidden * queryRank : 0)
  const indexHeads = countOf(config, 'index_n_heads') ?? 0
  // Queries of the index, its one key for all heads, and a weight of each head.
  const index = indexHeads * ((queryRank ?? hidden) * layer.indexDim + hidden) + hidden * layer.indexDim
  const query = queryRank ? queryRank * queryDim : hidden * queryDim
  return {
    mlaDown: down + (layer.indexDim > 0 ? index : 0),
    attention: query + layer.latentDim * heads * (nope + valueDim) + heads * valueDim * hidden,
    norm: hidden * 2 + layer.latentDim + (queryRank ?? 0),
  }
}

/**
 * DeepSeek-V4: queries through a low rank, one key for all heads, outputs in groups through a low rank. A compressor has a matrix
 * of keys and one of weights, twice where windows overlap (ratio 4); the index has queries, weights and a compressor of its own.
 */
function compressedParameters(
  config: Config,
  layer: Extract<LayerKind, { kind: 'compressed' }>,
  hidden: number,
  heads: number,
): RoleCounts {
  const { headDim, ratio, indexDim } = layer
  const queryRank = countOf(config, 'q_lora_rank') ?? hidden
  const outputRank = countOf(config, 'o_lora_rank') ?? hidden
  const groups = countOf(config, 'o_groups') ?? 1
  const query = hidden * queryRank + queryRank * heads * headDim
  const output = heads * headDim * outputRank + groups * outputRank * hidden
  const compressor = ratio > 1 ? hidden * headDim * 2 * (ratio === 4 ? 2 : 1) : 0
  const indexHeads = countOf(config, 'index_n_heads') ?? 0
  const index = indexDim > 0 ? indexHeads * (queryRank * indexDim + hidden) + 4 * hidden * indexDim : 0
  return { attention: query + output, mlaDown: hidden * headDim + compressor + index }
}

/**
 * Families before Llama have biases on every linear layer and norm; GPT-2, OPT and BERT also learn a table of positions, OPT
 * with two rows more than it has positions.
 */
function olderParameters(config: Config, hidden: number): RoleCounts {
  const type = textOf(config, 'model_type') ?? ''
  if (
    !/^(gpt2|gpt_bigcode|opt|bloom|starcoder2)|bert|electra|mpnet/.test(type) ||
    /^modern|^neo|^euro/.test(type)
  )
    return {}
  const layers = layerCountOf(config) ?? 0
  const ffn = feedForwardOf(config).denseSize
  const positions = type === 'opt' ? 2 : 0
  const learned = /^(gpt2|gpt_bigcode|opt)|bert|electra|mpnet/.test(type)
    ? (maxPositionsOf(config) ?? 0) + positions
    : 0
  return {
    norm: layers * 2 * hidden + hidden,
    dense: layers * (ffn + hidden),
    attention: layers * hidden,
    embedding: learned * hidden,
  }
}

/** Pure Mamba has no feed-forward part: its `intermediate_size` is the width of the state. */
function isPureMamba(config: Config): boolean {
  return ['mamba', 'mamba2', 'falcon_mamba'].includes(textOf(config, 'model_type') ?? '')
}

/** Widths of all experts of a layer together; Ernie-VL lists a size for those of text and one for those of images. */
function expertWidthOf(config: Config, ffn: FeedForward): number {
  const named = config['moe_num_experts']
  const sizes = listOf(config, 'moe_intermediate_size')
  if (named === undefined || !sizes) return ffn.expertCount * ffn.expertSize
  const counts = Array.isArray(named) ? named : sizes.map(() => named)
  return sizes.reduce<number>((sum, size, index) => sum + Number(size) * Number(counts[index] ?? 0), 0)
}

function feedForwardParameters(config: Config, hidden: number): RoleCounts {
  if (isPureMamba(config)) return {}
  const ffn = feedForwardOf(config)
  const matrices = hasGatedFeedForward(textOf(config, 'model_type') ?? '') ? 3 : 2
  const isGptOss = textOf(config, 'model_type') === 'gpt_oss'
  const biases = isGptOss ? 2 * ffn.expertSize + hidden : 0
  const perRouter = hidden * ffn.expertCount + (isGptOss ? ffn.expertCount : 0)
  const projected = ffn.expertInput === hidden ? 0 : 2 * hidden * ffn.expertInput
  return {
    dense: ffn.denseLayers * matrices * hidden * ffn.denseSize,
    expert: ffn.expertLayers * matrices * ffn.expertInput * expertWidthOf(config, ffn),
    // Biases of packed experts stay in 16 bits: gpt-oss-120b is then exact to the byte (hf-mem#60).
    other: ffn.expertLayers * ffn.expertCount * biases,
    shared: ffn.expertLayers * (matrices * hidden * ffn.sharedSize + projected),
    router: ffn.expertLayers * perRouter,
  }
}
