import type { RoleCounts } from '../model-facts.ts'
import type { Config } from './config-value.ts'
import { countOf, hiddenSizeOf, layerCountOf, numberOf, textOf, vocabSizeOf } from './keys.ts'

/** Default of the classes of Gemma 3n and 4, where layers share caches and nothing says otherwise. */
const usualChannels = 256

/** Channels that an embedding of its own gives each layer, 0 for models without. */
export function layerChannelsOf(config: Config): number {
  // A drafter takes what the model that it drafts for made of them.
  if (countOf(config, 'backbone_hidden_size')) return 0
  const named = numberOf(config, 'hidden_size_per_layer_input')
  if (named !== undefined) return named
  const isSmallGemma =
    /^gemma(3n|4)/.test(textOf(config, 'model_type') ?? '') && countOf(config, 'num_kv_shared_layers')
  return isSmallGemma ? usualChannels : 0
}

/** The embedding per layer, the matrix that makes its input from hidden states, and gate and projection of each layer. */
export function perLayerParametersOf(config: Config): RoleCounts {
  const channels = layerChannelsOf(config)
  const layers = layerCountOf(config) ?? 0
  const hidden = hiddenSizeOf(config) ?? 0
  if (channels === 0) return {}
  const vocabulary = countOf(config, 'vocab_size_per_layer_input') ?? vocabSizeOf(config)
  return { layerEmbedding: vocabulary * layers * channels, other: 3 * hidden * layers * channels }
}

/** Layers that share a cache have a feed-forward part of twice the width in Gemma 4 E2B. */
export function isDoubleWide(config: Config): boolean {
  return config['use_double_wide_mlp'] === true
}
