import type { ModelFacts } from '../model-facts.ts'
import type { Config } from './config-value.ts'
import { countOf, listOf, sectionOf, textOf } from './keys.ts'

/** Qwen2-VL and its followers take up to 12,845,056 pixels (16,384 merged tokens of 28x28 pixels, 4 patches each). */
const qwenMaxPatches = 16384 * 4

/** Sizes of the image tower that decide the peak of a profile run, or null for a text model. */
export function visionOf(config: Config): ModelFacts['vision'] {
  const vision = sectionOf(config, 'vision_config')
  if (!vision) return null
  const isQwen = /^qwen/.test(textOf(config, 'model_type') ?? '')
  const hidden = countOf(vision, 'hidden_size', 'embed_dim', 'width', 'vt_hidden_size')
  if (!hidden) return null
  const size = countOf(vision, 'image_size')
  const patch = countOf(vision, 'patch_size') ?? 14
  const tiles = countOf(vision, 'max_num_tiles') ?? 1
  const patches = size ? Math.floor(size / patch) ** 2 * tiles : 0
  const maxPatches = isQwen ? qwenMaxPatches : patches
  const merge = countOf(vision, 'spatial_merge_size') ?? (isQwen ? 2 : 1)
  return {
    // SGLang looks at this key alone and takes 24 without it.
    layerCount: countOf(vision, 'num_hidden_layers') ?? 24,
    hiddenSize: towerSizeOf(vision, hidden),
    ffnSize: countOf(vision, 'intermediate_size', 'vt_intermediate_size') ?? 4 * hidden,
    maxPatches,
    maxTokens: countOf(config, 'mm_tokens_per_image') ?? Math.floor(maxPatches / merge ** 2),
    patchElements: 3 * (countOf(vision, 'temporal_patch_size') ?? (isQwen ? 2 : 1)) * patch ** 2,
  }
}

/** Qwen2-VL names the width of the text model `hidden_size` and its own `embed_dim`. */
function towerSizeOf(vision: Config, hidden: number): number {
  return countOf(vision, 'embed_dim') ?? hidden
}

/** Elements of the image tower, close but not exact: attention and feed-forward of each layer, and Qwen's mergers. */
export function visionParametersOf(config: Config): number {
  const vision = sectionOf(config, 'vision_config')
  const sizes = visionOf(config)
  const depth = vision && countOf(vision, 'depth', 'num_hidden_layers', 'layers', 'vt_num_hidden_layers')
  if (!sizes || !depth) return 0
  const matrices = /^qwen2_5|^gemma4/.test(textOf(config, 'model_type') ?? '') ? 3 : 2
  const tower = depth * sizes.hiddenSize * (4 * sizes.hiddenSize + matrices * sizes.ffnSize)
  return tower + mergersOf(vision, sizes.hiddenSize)
}

/** Neighbouring patches become one token of the text model: once at the end, and at each layer that Qwen3-VL takes one from. */
function mergersOf(vision: Config, hidden: number): number {
  const out = countOf(vision, 'out_hidden_size')
  const merge = countOf(vision, 'spatial_merge_size')
  if (!out || !merge) return 0
  const joined = hidden * merge ** 2
  const count = 1 + (listOf(vision, 'deepstack_visual_indexes')?.length ?? 0)
  return count * (joined * joined + joined * out)
}
