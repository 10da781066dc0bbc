import { type Config, isConfig } from './config-value.ts'
import { countOf, listOf, numberOf, sectionOf, textOf } from './keys.ts'
import type { Marker } from './patterns.ts'

/** What a sparse layer keeps beside its cache to find the tokens that it reads; empty for a layer without. */
export interface IndexLane {
  indexDim?: number
  indexTokens?: number
}

/** The lane of one layer: nothing where it has none, or reads what an earlier layer found. */
export function indexLaneOf(
  config: Config,
  marker: Marker,
  index: number,
  markers: readonly Marker[],
): IndexLane {
  const sparse = sectionOf(config, 'sparse_attention_config')
  const indexDim =
    countOf(config, 'index_head_dim', 'indexer_head_dim') ?? countOf(sparse ?? {}, 'sparse_index_dim')
  if (!indexDim || !isIndexed(config, marker, index, markers)) return {}
  const indexTokens = countOf(config, 'index_kpool', 'indexer_compress_ratio')
  return indexTokens && indexTokens > 1 ? { indexDim, indexTokens } : { indexDim }
}

function isIndexed(config: Config, marker: Marker, index: number, markers: readonly Marker[]): boolean {
  // Where some layers are called sparse, those that are called full are not.
  if (marker !== 'indexed' && markers.includes('indexed')) return false
  if (marker === 'window') return false
  const flags = listOf(sectionOf(config, 'sparse_attention_config') ?? {}, 'sparse_attention_freq')
  if (flags) return flags[index] === 1
  // MiniMax-M3 names the sizes of an index whether it has sparse layers or not.
  if (/^minimax_m3/.test(textOf(config, 'model_type') ?? '') && listOf(config, 'layer_types'))
    return marker === 'indexed'
  const kind = listOf(config, 'indexer_types')?.[index]
  if (kind !== undefined) return kind !== 'shared'
  const pattern = textOf(config, 'index_topk_pattern') ?? listOf(config, 'index_topk_pattern')
  if (pattern) return pattern[index] !== 'S'
  const every = countOf(config, 'index_topk_freq') ?? 1
  const offset = numberOf(config, 'index_skip_topk_offset') ?? 2
  return Math.max(index - offset + 1, 0) % every === 0
}

/** Keys of one layer over those of all: `per_layer_config` names a layer by its number in two digits. */
export function configAt(config: Config, index: number): Config {
  const own = sectionOf(config, 'per_layer_config')?.[String(index).padStart(2, '0')]
  return isConfig(own) ? { ...config, ...own } : config
}
