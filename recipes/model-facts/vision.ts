import type { ModelFacts } from '../model-facts.ts'
import type { Config } from './config-value.ts'
import { countOf, hiddenSizeOf, listOf, sectionOf, textConfigOf, textOf } from './keys.ts'

/** Qwen2-VL and its followers take up to 12,845,056 pixels (16,384 merged tokens of 28x28 pixels, 4 patches each). */
const qwenMaxPatches = 16384 * 4

/** Towers whose every matrix is counted: patches, positions, layers, and what brings their tokens to the text model. */
const wholeTowers =
  /^(qwen2_vl|qwen2_5_vl|qwen3_vl|qwen3_5|qwen3_6|mistral3|pixtral|gemma3|mllama|glm4v|glm46v|glmga)/

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
  const merge =
    countOf(vision, 'spatial_merge_size') ?? countOf(config, 'spatial_merge_size') ?? (isQwen ? 2 : 1)
  return {
    // SGLang looks at this key alone and takes 24 without it.
    layerCount: countOf(vision, 'num_hidden_layers') ?? 24,
    hiddenSize: towerSizeOf(vision, hidden),
    ffnSize: towerWidthOf(config, vision) ?? 4 * hidden,
    maxPatches,
    maxTokens: countOf(config, 'mm_tokens_per_image') ?? Math.floor(maxPatches / merge ** 2),
    ...(wholeTowers.test(textOf(config, 'model_type') ?? '') && { isWhole: true }),
    patchElements: 3 * (countOf(vision, 'temporal_patch_size') ?? (isQwen ? 2 : 1)) * patch ** 2,
  }
}

/** GLM-V names the width of its merger `intermediate_size`, and makes its layers as wide as what comes out. */
function towerWidthOf(config: Config, vision: Config): number | undefined {
  const names = ['intermediate_size', 'vt_intermediate_size']
  return isGlm(config) ? countOf(vision, 'out_hidden_size', ...names) : countOf(vision, ...names)
}

function isGlm(config: Config): boolean {
  return /^glm(4v|46v|ga|4_1v|4_5v)/.test(textOf(config, 'model_type') ?? '')
}

/** Qwen2-VL names the width of the text model `hidden_size` and its own `embed_dim`. */
function towerSizeOf(vision: Config, hidden: number): number {
  return countOf(vision, 'embed_dim') ?? hidden
}

/** Elements of the image tower: attention and feed-forward of each layer, patches, positions, and what follows the tower. */
export function visionParametersOf(config: Config): number {
  const vision = sectionOf(config, 'vision_config')
  const sizes = visionOf(config)
  const named = vision && countOf(vision, 'depth', 'num_hidden_layers', 'layers', 'vt_num_hidden_layers')
  if (!sizes || !named) return 0
  const hidden = sizes.hiddenSize
  const type = `${textOf(config, 'model_type') ?? ''} ${textOf(vision, 'model_type') ?? ''}`
  const globals = countOf(vision, 'num_global_layers') ?? (/^mllama/.test(type) ? 8 : 0)
  const matrices = /^qwen2_5|^gemma4|^glm|pixtral/.test(type) ? 3 : 2
  const tower = (named + globals) * hidden * (4 * hidden + matrices * sizes.ffnSize)
  return (
    tower + sizes.patchElements * hidden + positionsOf(vision) * hidden + connectorOf(config, vision, hidden)
  )
}

/** Shapes of up to four tiles, and none, for which Mllama learns positions of their own. */
const tileShapes = 9

/** Learned positions; towers with rotary ones name none. */
function positionsOf(vision: Config): number {
  const named = countOf(vision, 'num_position_embeddings', 'position_embedding_size')
  const tiles = countOf(vision, 'max_num_tiles')
  const side = Math.floor((countOf(vision, 'image_size') ?? 0) / (countOf(vision, 'patch_size') ?? 14))
  if (tiles) return (side ** 2 + 1) * (1 + tiles * tileShapes)
  if (named || !/siglip|clip/.test(textOf(vision, 'model_type') ?? '')) return named ?? 0
  return side ** 2
}

/** Mistral merges neighbours and takes two matrices to the text model, Gemma takes one, Qwen has mergers. */
function connectorOf(config: Config, vision: Config, hidden: number): number {
  const text = hiddenSizeOf(textConfigOf(config)) ?? 0
  const type = textOf(config, 'model_type') ?? ''
  if (type.startsWith('gemma')) return hidden * text
  if (isGlm(config)) return glmConnectorOf(vision, hidden)
  if (type === 'mllama') return (countOf(vision, 'vision_output_dim') ?? 6 * hidden) * text
  if (type === 'mistral3') {
    const merge = countOf(config, 'spatial_merge_size') ?? 2
    return hidden * merge ** 2 * hidden + hidden * text + text * text
  }
  return mergersOf(vision, hidden, type)
}

/** GLM-V joins neighbours, and takes them through one square matrix and three of the merger. */
function glmConnectorOf(vision: Config, hidden: number): number {
  const out = countOf(vision, 'out_hidden_size') ?? hidden
  const merge = countOf(vision, 'spatial_merge_size') ?? 2
  return out * (hidden * merge ** 2 + out + 3 * (countOf(vision, 'intermediate_size') ?? 0))
}

/** Layers that Qwen3-VL takes tokens from, where the configuration names none. */
const defaultStacks = 3

/** Neighbouring patches become one token of the text model: once at the end, and at each layer that Qwen3-VL takes one from. */
function mergersOf(vision: Config, hidden: number, type: string): number {
  const out = countOf(vision, 'out_hidden_size')
  const merge = countOf(vision, 'spatial_merge_size')
  if (!out || !merge) return 0
  const joined = hidden * merge ** 2
  const stacks = listOf(vision, 'deepstack_visual_indexes')?.length
  const count = 1 + (stacks ?? (type.startsWith('qwen3_vl') ? defaultStacks : 0))
  return count * (joined * joined + joined * out)
}
