import type { LayerKind } from '../model-facts.ts'
import { type Config, isConfig } from './config-value.ts'
import { isShortcut } from './feed-forward.ts'
import {
  countOf,
  headCountOf,
  headDimOf,
  hiddenSizeOf,
  kvHeadsOf,
  layerCountOf,
  layerListOf,
  listOf,
  maxPositionsOf,
  numberOf,
  sectionOf,
  textConfigOf,
  textOf,
} from './keys.ts'
import { configAt, type IndexLane, indexLaneOf } from './lanes.ts'
import { type Marker, markersOf } from './patterns.ts'
import { shortConvOf, stateLayerOf, streamsOf } from './states.ts'

/** No model comes near; a larger number is a mistake. */
const mostLayers = 4096

export type Layers = { layers: LayerKind[]; missing: string[] }

/**
 * How each layer of the text model keeps its past, in order. A `cross` entry follows the layer it belongs to where
 * the layer has both. `missing` names the keys without which a layer's cache is not known.
 */
export function modelLayers(config: Config): Layers {
  const count = layerCountOf(config)
  if (!count || count > mostLayers) return { layers: [], missing: ['num_hidden_layers'] }
  const missing: string[] = []
  const markers = markersOf(config, count)
  const layers = Array.from({ length: count }, (_, index) =>
    kindsAt(config, { marker: markers[index] ?? 'unknown', index, markers }, missing),
  ).flatMap((kinds) => (isShortcut(config) ? [...kinds, ...kinds] : kinds))
  return { layers, missing: [...new Set(missing)] }
}

/** A layer and all layers, as `markersOf` calls them. */
interface LayerPlace {
  marker: Marker
  index: number
  markers: readonly Marker[]
}

const stateSizes = 'the sizes of the recurrent state'
const headSizes = 'num_attention_heads, hidden_size'

function kindsAt(whole: Config, place: LayerPlace, missing: string[]): LayerKind[] {
  const config = configAt(whole, place.index)
  const attention = (marker: Marker) => keep(attentionAt(config, { ...place, marker }), headSizes, missing)
  const state = () => keep(stateLayerOf(config), stateSizes, missing)
  switch (place.marker) {
    case 'none':
      return [{ kind: 'none' }]
    case 'state':
      return state()
    case 'conv':
      return keep(shortConvOf(config), stateSizes, missing)
    case 'state-and-full':
      return [...besideOf(config, false, missing), ...attention('full')]
    case 'state-and-window':
      return [...besideOf(config, true, missing), ...attention('window')]
    case 'cross':
      return keep(crossLayerOf(config), 'the size of the image that is attended to', missing)
    case 'full-and-cross':
      return [...attention('full'), ...keep(crossLayerOf(config), 'max_source_positions', missing)]
    case 'compressed':
      return keep(
        compressedLayerOf(config, place.index),
        'the windows and ratios of its compressed attention',
        missing,
      )
    case 'encoder':
      return keep(encoderLayerOf(config), headSizes, missing)
    case 'unknown':
      return keep(undefined, `what ${wordAt(whole, place.index)} means`, missing)
    default:
      return attention(place.marker)
  }
}

function wordAt(config: Config, index: number): string {
  const word = layerListOf(config)?.[index]
  return word === undefined ? 'a layer that its list leaves out' : `the layer type "${String(word)}"`
}

/** The state of a layer that has attention as well; Inkling's are short convolutions over what goes in and out. */
function besideOf(config: Config, isWindow: boolean, missing: string[]): LayerKind[] {
  const state = stateLayerOf(config) ?? streamsOf(config, isWindow)
  return keep(state, stateSizes, missing)
}

function keep(layer: LayerKind | undefined, what: string, missing: string[]): LayerKind[] {
  if (layer) return [layer]
  missing.push(what)
  return [{ kind: 'none' }]
}

function attentionAt(config: Config, place: LayerPlace): LayerKind | undefined {
  const { marker, index } = place
  const windowTokens = countOf(
    config,
    'sliding_window',
    'sliding_window_size',
    'window_size',
    'local_attention',
  )
  const lane = indexLaneOf(config, marker, index, place.markers)
  const latent = latentLayerOf(config, lane)
  if (latent?.kind === 'mla' && marker === 'window' && windowTokens) return { ...latent, windowTokens }
  if (latent) return latent
  const heads =
    marker === 'window'
      ? windowHeadsOf(config, index)
      : (blockHeadsOf(config, index) ?? globalHeadsOf(config, index))
  if (!heads) return undefined
  const chunkTokens = countOf(config, 'attention_chunk_size')
  if (marker === 'window' && windowTokens) return { kind: 'window', ...heads, windowTokens }
  if (marker === 'chunked' && chunkTokens) return { kind: 'chunked', ...heads, chunkTokens }
  return { kind: 'full', ...heads, ...lane }
}

/** MLA keeps one latent and one rotary key per token for all heads: (kv_lora_rank + qk_rope_head_dim), not doubled. */
function latentLayerOf(config: Config, { indexDim = 0, indexTokens }: IndexLane): LayerKind | undefined {
  const latentDim = countOf(config, 'kv_lora_rank')
  const ropeDim = numberOf(config, 'qk_rope_head_dim')
  if (!latentDim || ropeDim === undefined) return undefined
  if (textOf(config, 'model_type') === 'minicpm3') return expandedLayerOf(config, ropeDim)
  return { kind: 'mla', latentDim, ropeDim, indexDim, ...(indexTokens && { indexTokens }) }
}

/** DeepSeek-V4 names what each layer does by number or by word. */
function compressedLayerOf(config: Config, index: number): LayerKind | undefined {
  const headDim = countOf(config, 'head_dim')
  const windowTokens = countOf(config, 'sliding_window')
  if (!headDim || !windowTokens) return undefined
  const ratio = Math.max(1, compressRatioOf(config, index))
  const indexDim = ratio === 4 ? (countOf(config, 'index_head_dim') ?? 0) : 0
  const ropeDim = numberOf(config, 'qk_rope_head_dim') ?? 0
  return { kind: 'compressed', headDim, ropeDim, windowTokens, ratio, indexDim }
}

function compressRatioOf(config: Config, index: number): number {
  const ratios = listOf(config, 'compress_ratios')
  if (ratios) return numberOf({ ratio: ratios[index] }, 'ratio') ?? 1
  return numberOf(sectionOf(config, 'compress_rates') ?? {}, String(layerListOf(config)?.[index])) ?? 1
}

function encoderLayerOf(config: Config): LayerKind | undefined {
  const heads = baseHeadsOf(config)
  return heads && { kind: 'encoder', ...heads }
}

/** MiniCPM3 has the projections of MLA but engines store whole heads, values padded to the size of keys. */
function expandedLayerOf(config: Config, ropeDim: number): LayerKind | undefined {
  const kvHeads = headCountOf(config)
  const keyDim = ropeDim + (countOf(config, 'qk_nope_head_dim') ?? 0)
  return kvHeads ? { kind: 'full', kvHeads, keyDim, valueDim: keyDim } : undefined
}

type Heads = { kvHeads: number; keyDim: number; valueDim: number }

/** Heads of a layer that sees everything; Gemma 4 and MiMo give these sizes of their own. */
function globalHeadsOf(config: Config, index: number): Heads | undefined {
  const base = baseHeadsOf(config, index)
  if (!base) return undefined
  const keyDim = countOf(config, 'global_head_dim') ?? base.keyDim
  return {
    kvHeads: countOf(config, 'num_global_key_value_heads') ?? base.kvHeads,
    keyDim,
    valueDim: countOf(config, 'global_head_dim') ?? base.valueDim,
  }
}

/** Step gives the sizes of its windowed layers a section. */
function windowHeadsOf(config: Config, index: number): Heads | undefined {
  const base = baseHeadsOf(config, index)
  if (!base) return undefined
  const other = sectionOf(config, 'attention_other_setting') ?? {}
  const keyDim = countOf(config, 'swa_head_dim') ?? countOf(other, 'head_dim')
  // The class of MiMo-V2 gives windows twice the heads of the other layers, and names none.
  const usual = /^mimo_v2/.test(textOf(config, 'model_type') ?? '') ? 2 * base.kvHeads : base.kvHeads
  return {
    kvHeads: countOf(config, 'swa_num_key_value_heads') ?? countOf(other, 'num_attention_groups') ?? usual,
    keyDim: keyDim ?? base.keyDim,
    valueDim: countOf(config, 'swa_v_head_dim') ?? keyDim ?? base.valueDim,
  }
}

function baseHeadsOf(config: Config, index = 0): Heads | undefined {
  const heads = headCountOf(config)
  const hidden = hiddenSizeOf(config)
  const keyDim = heads ? headDimOf(config, hidden ?? 0, heads) : 0
  if (!heads || !keyDim) return undefined
  const kvHeads = kvHeadsOf(config, heads, index)
  return { kvHeads, keyDim, valueDim: countOf(config, 'v_head_dim') ?? keyDim }
}

/** nemotron-nas gives each block its own number of heads in a group. */
function blockHeadsOf(config: Config, index: number): Heads | undefined {
  const block = listOf(config, 'block_configs')?.[index]
  const attention = isConfig(block) ? sectionOf(block, 'attention') : undefined
  const group = attention && countOf(attention, 'n_heads_in_group')
  const heads = headCountOf(config)
  const base = baseHeadsOf(config)
  if (!group || !heads || !base) return undefined
  return { ...base, kvHeads: Math.floor(heads / group) }
}

/** Tokens of the encoder: Whisper's 1500 positions, or patches of every tile and one class token each for Mllama. */
function crossLayerOf(config: Config): LayerKind | undefined {
  const heads = baseHeadsOf(config)
  const encoder = sectionOf(config, 'encoder', 'encoder_config')
  const encoderTokens =
    countOf(config, 'max_source_positions', 'max_speech_positions') ??
    tileTokensOf(config) ??
    maxPositionsOf(encoder ? textConfigOf(encoder) : config)
  return heads && encoderTokens ? { kind: 'cross', ...heads, encoderTokens } : undefined
}

function tileTokensOf(config: Config): number | undefined {
  if (!textOf(config, 'model_type')?.startsWith('mllama')) return undefined
  const vision = sectionOf(config, 'vision_config') ?? {}
  const size = countOf(vision, 'image_size') ?? 560
  const patch = countOf(vision, 'patch_size') ?? 14
  return ((size / patch) ** 2 + 1) * (countOf(vision, 'max_num_tiles') ?? 4)
}
