import { type Config, isConfig } from './config-value.ts'
import { countOf, layerListOf, listOf, maxPositionsOf, numberOf, sectionOf, textOf } from './keys.ts'

export type Marker =
  | 'full'
  | 'window'
  | 'chunked'
  | 'indexed'
  | 'compressed'
  | 'cross'
  | 'full-and-cross'
  | 'encoder'
  | 'state'
  | 'conv'
  | 'state-and-full'
  | 'state-and-window'
  | 'none'
  | 'unknown'

const words: Readonly<Record<string, Marker>> = {
  full_attention: 'full',
  attention: 'full',
  global: 'full',
  global_attention: 'full',
  // What the prompt says stays; only the part that is generated has a window.
  reference_sliding_attention: 'full',
  sliding_attention: 'window',
  sliding_window: 'window',
  window_attention: 'window',
  local_attention: 'window',
  local: 'window',
  chunked_attention: 'chunked',
  indexed_attention: 'indexed',
  deepseek_sparse_attention: 'indexed',
  qwen_sparse_attention: 'indexed',
  minimax_sparse_attention: 'indexed',
  minimax_m3_sparse: 'indexed',
  sparse_attention: 'indexed',
  compressed_sparse_attention: 'compressed',
  heavily_compressed_attention: 'compressed',
  linear_attention: 'state',
  mamba: 'state',
  mamba2: 'state',
  recurrent: 'state',
  conv: 'conv',
  hybrid: 'state-and-full',
  hybrid_sliding: 'state-and-window',
  mlp: 'none',
  moe: 'none',
}

/** Rules that read a value for each layer. They come first: what a configuration says of a layer wins over what its family does. */
const listed = [
  byCompressRatios,
  byLayerTypes,
  byNemotronPattern,
  byBlockConfigs,
  byHybridLayerPattern,
  byAttentionTypeList,
  byAttentionTypes,
  byLinearAttention,
  byAttentionIndexes,
]

const derived = [byGroupSize, byPeriod, byInterval, byModelType, byChunks, byWindow]

/** What each layer is, by the first rule whose keys are there. */
export function markersOf(config: Config, count: number): Marker[] {
  if (isEncoder(config)) return each(count, () => 'encoder')
  const found = [...listed, ...derived].map((rule) => rule(config, count)).find((markers) => markers)
  const markers = found ?? each(count, () => 'full')
  const all = isEncoderDecoder(config)
    ? markers.map((marker) => (marker === 'full' ? 'full-and-cross' : marker))
    : markers
  return withoutSharedLayers(config, all)
}

function each(count: number, at: (index: number) => Marker): Marker[] {
  return Array.from({ length: count }, (_, index) => at(index))
}

/** Gemma 3n and 4: the last layers read the cache of an earlier one and keep none; Mistral Large 4 names the earlier one. */
function withoutSharedLayers(config: Config, markers: Marker[]): Marker[] {
  const shared = countOf(config, 'num_kv_shared_layers') ?? 0
  const factor = config['use_cla'] === true ? (countOf(config, 'cla_share_factor') ?? 2) : 1
  const sources = listOf(config, 'kv_source_layers')
  return markers.map((marker, index) => {
    const isOther = sources !== undefined && (sources[index] ?? index) !== index
    return isOther || index >= markers.length - shared || index % factor !== 0 ? 'none' : marker
  })
}

/** DeepSeek-V4: 0 for a window alone, else how many tokens become one; ratios of draft layers stand behind the others. */
function byCompressRatios(config: Config, count: number): Marker[] | undefined {
  const hasRatios = listOf(config, 'compress_ratios') ?? sectionOf(config, 'compress_rates')
  return hasRatios ? each(count, () => 'compressed') : undefined
}

/** Nemotron-H: `M` Mamba, `*` attention, `-` feed-forward, `E` experts. */
function byNemotronPattern(config: Config): Marker[] | undefined {
  const pattern = textOf(config, 'hybrid_override_pattern')
  const letters: Record<string, Marker> = { M: 'state', '*': 'full', '-': 'none', E: 'none' }
  return pattern ? [...pattern].map((letter) => letters[letter] ?? 'unknown') : undefined
}

function byBlockConfigs(config: Config): Marker[] | undefined {
  return listOf(config, 'block_configs')?.map((block) => {
    const attention = isConfig(block) ? sectionOf(block, 'attention') : undefined
    if (!attention) return 'unknown'
    return attention['no_op'] === true || attention['replace_with_linear'] === true ? 'none' : 'full'
  })
}

function byLayerTypes(config: Config): Marker[] | undefined {
  const cross = crossIndexes(config)
  return layerListOf(config)?.map((type, index) =>
    cross.includes(index) ? 'cross' : (words[String(type)] ?? 'unknown'),
  )
}

/** MiniMax-Text marks full attention with 1 and lightning attention with 0. */
function byAttentionTypeList(config: Config): Marker[] | undefined {
  return listOf(config, 'attn_type_list')?.map((type) => (type === 1 ? 'full' : 'state'))
}

/** Kimi-Linear counts its layers from 1. */
function byLinearAttention(config: Config, count: number): Marker[] | undefined {
  const full = listOf(sectionOf(config, 'linear_attn_config') ?? {}, 'full_attn_layers')
  return full ? each(count, (index) => (full.includes(index + 1) ? 'full' : 'state')) : undefined
}

/** GPT-Neo writes a pattern and how often it comes: [[["global", "local"], 12]]. */
function byAttentionTypes(config: Config): Marker[] | undefined {
  const runs = listOf(config, 'attention_types')
  const kinds = runs?.flatMap((run) => {
    const [pattern, times] = Array.isArray(run) ? run : []
    if (!Array.isArray(pattern) || typeof times !== 'number') return []
    return Array.from({ length: Math.min(times, 4096) }, () => pattern).flat()
  })
  return kinds && kinds.length > 0 ? kinds.map((kind) => words[String(kind)] ?? 'unknown') : undefined
}

/** Bamba lists its attention layers. */
function byAttentionIndexes(config: Config, count: number): Marker[] | undefined {
  const indexes = listOf(config, 'attn_layer_indices')
  return indexes && each(count, (index) => (indexes.includes(index) ? 'full' : 'state'))
}

/** Ling and Ring: the last layer of each group sees everything, and so do those behind the last whole group. */
function byGroupSize(config: Config, count: number): Marker[] | undefined {
  const size = countOf(config, 'layer_group_size')
  if (!size || size === 1) return undefined
  const whole = count - (count % size)
  return each(count, (index) => ((index + 1) % size === 0 || index >= whole ? 'full' : 'state'))
}

/** Jamba: one attention layer in each period. */
function byPeriod(config: Config, count: number): Marker[] | undefined {
  const period = countOf(config, 'attn_layer_period')
  const offset = numberOf(config, 'attn_layer_offset') ?? 0
  return period ? each(count, (index) => (index % period === offset ? 'full' : 'state')) : undefined
}

function byInterval(config: Config, count: number): Marker[] | undefined {
  const interval = countOf(config, 'full_attention_interval')
  return interval ? each(count, (index) => ((index + 1) % interval === 0 ? 'full' : 'state')) : undefined
}

function byModelType(config: Config, count: number): Marker[] | undefined {
  const type = textOf(config, 'model_type') ?? ''
  // Bamba without a list of its attention layers has none.
  if (['mamba', 'mamba2', 'falcon_mamba', 'bamba'].includes(type)) return each(count, () => 'state')
  if (type === 'falcon_h1') return each(count, () => 'state-and-full')
  const cross = crossIndexes(config)
  return cross.length > 0 ? each(count, (index) => (cross.includes(index) ? 'cross' : 'full')) : undefined
}

/** BERT and its kin look both ways, and so does a decoder that was made an embedder; PaliGemma does so at its images alone. */
function isEncoder(config: Config): boolean {
  if (isEncoderDecoder(config) || config['is_decoder'] === true) return false
  if (config['use_bidirectional_attention'] === true) return !sectionOf(config, 'vision_config')
  if (config['is_causal'] === false || config['is_encoder'] === true) return true
  return (
    countOf(config, 'type_vocab_size') !== undefined || encoderTypes.test(textOf(config, 'model_type') ?? '')
  )
}

/** Types whose configurations say nothing that a decoder's does not say too. */
const encoderTypes =
  /^(albert|bert|camembert|deberta|deberta-v2|distilbert|electra|eurobert|modernbert|mpnet|neobert|nomic_bert|roberta|xlm-roberta|xlm-roberta-xl)$|bidirec/

/** The decoder of such a model has, beside its own cache, one of what the encoder read. */
function isEncoderDecoder(config: Config): boolean {
  if (config['is_encoder_decoder'] === true || config['add_cross_attention'] === true) return true
  const names = ['encoder_layers', 'num_encoder_layers', 'encoder_num_hidden_layers', 'num_decoder_layers']
  return countOf(config, ...names) !== undefined
}

function crossIndexes(config: Config): readonly unknown[] {
  return listOf(config, 'cross_attention_layers') ?? []
}

/** Llama 4: layers with rotary positions look at their own chunk, every fourth looks at everything. */
function byChunks(config: Config, count: number): Marker[] | undefined {
  if (!countOf(config, 'attention_chunk_size')) return undefined
  const rotary = listOf(config, 'no_rope_layers')
  if (rotary && rotary.length > 0) return rotary.map((flag) => (flag === 0 ? 'full' : 'chunked'))
  const interval = countOf(config, 'no_rope_layer_interval') ?? 4
  return each(count, (index) => ((index + 1) % interval === 0 ? 'full' : 'chunked'))
}

/** MiMo marks a window with 1. */
function byHybridLayerPattern(config: Config): Marker[] | undefined {
  const pattern = listOf(config, 'hybrid_layer_pattern')
  return pattern?.map((flag) => (flag === 1 ? 'window' : 'full'))
}

/** Patterns that a family repeats when its configuration does not say so. */
const patternByType: ReadonlyArray<readonly [prefix: string, length: number]> = [
  ['gemma2', 2],
  ['gemma3n', 5],
  ['gemma3', 6],
  ['gemma4', 6],
  ['cohere2', 4],
  ['gpt_oss', 2],
]

function byWindow(config: Config, count: number): Marker[] | undefined {
  const window = countOf(config, 'sliding_window', 'sliding_window_size')
  const type = textOf(config, 'model_type') ?? ''
  if (!window || config['use_sliding_window'] === false) return undefined
  // A window longer than any context, as Phi-3-mini-128k has, drops nothing.
  if (window >= (maxPositionsOf(config) ?? Number.POSITIVE_INFINITY)) return undefined
  const known = patternByType.find(([prefix]) => type.startsWith(prefix))?.[1]
  const length = countOf(config, 'sliding_window_pattern') ?? known
  if (type.startsWith('gpt_oss') || type.startsWith('gemma2'))
    return each(count, (index) => (index % 2 === 0 ? 'window' : 'full'))
  if (length) return each(count, (index) => ((index + 1) % length === 0 ? 'full' : 'window'))
  const first = config['use_sliding_window'] === true ? (countOf(config, 'max_window_layers') ?? 0) : 0
  return each(count, (index) => (index >= first ? 'window' : 'full'))
}
