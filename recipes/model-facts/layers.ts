import type { LayerKind } from '../model-facts.ts'
import { type Config, isConfig } from './config-value.ts'
import {
  countOf,
  headCountOf,
  headDimOf,
  hiddenSizeOf,
  kvHeadsOf,
  layerCountOf,
  listOf,
  numberOf,
  sectionOf,
  textOf,
} from './keys.ts'
import { markersOf } from './patterns.ts'
import { stateLayerOf } from './states.ts'

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
  const layers = Array.from({ length: count }, (_, index) => kindsAt(config, index, count, missing)).flat()
  return { layers, missing: [...new Set(missing)] }
}

function kindsAt(config: Config, index: number, count: number, missing: string[]): LayerKind[] {
  const marker = markersOf(config, count)[index] ?? 'unknown'
  switch (marker) {
    case 'none':
      return [{ kind: 'none' }]
    case 'state':
      return keep(stateLayerOf(config), 'the sizes of the recurrent state', missing)
    case 'state-and-full':
      return [
        ...keep(stateLayerOf(config), 'the sizes of the recurrent state', missing),
        ...keep(attentionAt(config, 'full', index), 'num_attention_heads, hidden_size', missing),
      ]
    case 'cross':
      return keep(crossLayerOf(config), 'the size of the image that is attended to', missing)
    case 'full-and-cross':
      return [
        ...keep(attentionAt(config, 'full', index), 'num_attention_heads, hidden_size', missing),
        ...keep(crossLayerOf(config), 'max_source_positions', missing),
      ]
    case 'unknown':
      return keep(undefined, `what layer_types means at layer ${index}`, missing)
    default:
      return keep(attentionAt(config, marker, index), 'num_attention_heads, hidden_size', missing)
  }
}

function keep(layer: LayerKind | undefined, what: string, missing: string[]): LayerKind[] {
  if (layer) return [layer]
  missing.push(what)
  return [{ kind: 'none' }]
}

function attentionAt(
  config: Config,
  marker: 'full' | 'window' | 'chunked',
  index: number,
): LayerKind | undefined {
  const latent = latentLayerOf(config)
  if (latent) return latent
  const heads =
    marker === 'window' ? windowHeadsOf(config) : (blockHeadsOf(config, index) ?? globalHeadsOf(config))
  if (!heads) return undefined
  const windowTokens = countOf(config, 'sliding_window', 'sliding_window_size')
  const chunkTokens = countOf(config, 'attention_chunk_size')
  if (marker === 'window' && windowTokens) return { kind: 'window', ...heads, windowTokens }
  if (marker === 'chunked' && chunkTokens) return { kind: 'chunked', ...heads, chunkTokens }
  return { kind: 'full', ...heads }
}

/** MLA keeps one latent and one rotary key per token for all heads: (kv_lora_rank + qk_rope_head_dim), not doubled. */
function latentLayerOf(config: Config): LayerKind | undefined {
  const latentDim = countOf(config, 'kv_lora_rank')
  const ropeDim = numberOf(config, 'qk_rope_head_dim')
  if (!latentDim || ropeDim === undefined) return undefined
  if (textOf(config, 'model_type') === 'minicpm3') return expandedLayerOf(config, ropeDim)
  return { kind: 'mla', latentDim, ropeDim, indexDim: countOf(config, 'index_head_dim') ?? 0 }
}

/** MiniCPM3 has the projections of MLA but engines store whole heads, values padded to the size of keys. */
function expandedLayerOf(config: Config, ropeDim: number): LayerKind | undefined {
  const kvHeads = headCountOf(config)
  const keyDim = ropeDim + (countOf(config, 'qk_nope_head_dim') ?? 0)
  return kvHeads ? { kind: 'full', kvHeads, keyDim, valueDim: keyDim } : undefined
}

type Heads = { kvHeads: number; keyDim: number; valueDim: number }

/** Heads of a layer that sees everything; Gemma 4 and MiMo give these sizes of their own. */
function globalHeadsOf(config: Config): Heads | undefined {
  const base = baseHeadsOf(config)
  if (!base) return undefined
  const keyDim = countOf(config, 'global_head_dim') ?? base.keyDim
  return {
    kvHeads: countOf(config, 'num_global_key_value_heads') ?? base.kvHeads,
    keyDim,
    valueDim: countOf(config, 'global_head_dim') ?? base.valueDim,
  }
}

function windowHeadsOf(config: Config): Heads | undefined {
  const base = baseHeadsOf(config)
  if (!base) return undefined
  return {
    kvHeads: countOf(config, 'swa_num_key_value_heads') ?? base.kvHeads,
    keyDim: countOf(config, 'swa_head_dim') ?? base.keyDim,
    valueDim: countOf(config, 'swa_v_head_dim') ?? base.valueDim,
  }
}

function baseHeadsOf(config: Config): Heads | undefined {
  const heads = headCountOf(config)
  const hidden = hiddenSizeOf(config)
  const keyDim = heads ? headDimOf(config, hidden ?? 0, heads) : 0
  if (!heads || !keyDim) return undefined
  return { kvHeads: kvHeadsOf(config, heads), keyDim, valueDim: countOf(config, 'v_head_dim') ?? keyDim }
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
  const encoderTokens = countOf(config, 'max_source_positions') ?? tileTokensOf(config)
  return heads && encoderTokens ? { kind: 'cross', ...heads, encoderTokens } : undefined
}

function tileTokensOf(config: Config): number | undefined {
  if (!textOf(config, 'model_type')?.startsWith('mllama')) return undefined
  const vision = sectionOf(config, 'vision_config') ?? {}
  const size = countOf(vision, 'image_size') ?? 560
  const patch = countOf(vision, 'patch_size') ?? 14
  return ((size / patch) ** 2 + 1) * (countOf(vision, 'max_num_tiles') ?? 4)
}
