import { type Config, isConfig } from './config-value.ts'
import { countOf, listOf, maxPositionsOf, numberOf, sectionOf, textOf } from './keys.ts'

export type Marker =
  | 'full'
  | 'window'
  | 'chunked'
  | 'cross'
  | 'full-and-cross'
  | 'state'
  | 'state-and-full'
  | 'none'
  | 'unknown'

const words: Readonly<Record<string, Marker>> = {
  full_attention: 'full',
  attention: 'full',
  global: 'full',
  global_attention: 'full',
  sliding_attention: 'window',
  sliding_window: 'window',
  local_attention: 'window',
  local: 'window',
  chunked_attention: 'chunked',
  linear_attention: 'state',
  mamba: 'state',
  mamba2: 'state',
  conv: 'state',
  hybrid: 'state-and-full',
  mlp: 'none',
  moe: 'none',
}

/** What each layer is, by the first rule whose keys are there; an explicit list always wins. */
export function markersOf(config: Config, count: number): Marker[] {
  const rules = [
    byNemotronPattern,
    byBlockConfigs,
    byLayerTypes,
    byAttentionTypeList,
    byLinearAttention,
    byPeriod,
    byInterval,
    byModelType,
    byChunks,
    byHybridLayerPattern,
    byWindow,
  ]
  for (const rule of rules) {
    const markers = rule(config, count)
    if (markers) return withoutSharedLayers(config, markers)
  }
  return withoutSharedLayers(
    config,
    each(count, () => 'full'),
  )
}

function each(count: number, at: (index: number) => Marker): Marker[] {
  return Array.from({ length: count }, (_, index) => at(index))
}

/** Gemma 3n and 4: the last layers read the cache of an earlier one and keep none. */
function withoutSharedLayers(config: Config, markers: Marker[]): Marker[] {
  const shared = countOf(config, 'num_kv_shared_layers') ?? 0
  const factor = config['use_cla'] === true ? (countOf(config, 'cla_share_factor') ?? 2) : 1
  return markers.map((marker, index) =>
    index >= markers.length - shared || index % factor !== 0 ? 'none' : marker,
  )
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
  const types = listOf(config, 'layer_types') ?? listOf(config, 'layers_block_type')
  if (!types || types.length === 0) return undefined
  const cross = crossIndexes(config)
  return types.map((type, index) => (cross.includes(index) ? 'cross' : (words[String(type)] ?? 'unknown')))
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

/** Jamba: one attention layer in each period; Bamba lists them. */
function byPeriod(config: Config, count: number): Marker[] | undefined {
  const indexes = listOf(config, 'attn_layer_indices')
  if (indexes) return each(count, (index) => (indexes.includes(index) ? 'full' : 'state'))
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
  if (['mamba', 'mamba2', 'falcon_mamba'].includes(type)) return each(count, () => 'state')
  if (type === 'falcon_h1') return each(count, () => 'state-and-full')
  if (type === 'whisper') return each(count, () => 'full-and-cross')
  const cross = crossIndexes(config)
  return cross.length > 0 ? each(count, (index) => (cross.includes(index) ? 'cross' : 'full')) : undefined
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
