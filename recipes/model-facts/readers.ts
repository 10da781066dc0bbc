import type { LayerKind } from '../model-facts.ts'
import type { Config } from './config-value.ts'
import { modelLayers } from './layers.ts'

export type AttentionLayer = Extract<LayerKind, { kvHeads: number }>

/** Layers that read the cache of an earlier one, as they would be with one of their own: they have weights and keep nothing. */
export function readingLayersOf(config: Config): AttentionLayer[] {
  const own = modelLayers(config).layers
  const alone = { ...config, num_kv_shared_layers: 0, use_cla: false, kv_source_layers: undefined }
  const all = modelLayers(alone).layers
  if (all.length !== own.length) return []
  return all.flatMap((layer, index) => ('kvHeads' in layer && own[index]?.kind === 'none' ? [layer] : []))
}
