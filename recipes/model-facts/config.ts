import {
  type LayerKind,
  type ModelFacts,
  type Quantization,
  type RoleCounts,
  runsOf,
} from '../model-facts.ts'
import { type Config, isConfig } from './config-value.ts'
import { soundParametersOf } from './encoder-parameters.ts'
import { isKnownFamily, unknownCacheOf } from './families.ts'
import { feedForwardOf } from './feed-forward.ts'
import {
  countOf,
  headCountOf,
  headDimOf,
  hiddenSizeOf,
  layerCountOf,
  listOf,
  maxPositionsOf,
  numberOf,
  sectionOf,
  textConfigOf,
  textOf,
  vocabSizeOf,
} from './keys.ts'
import { modelLayers } from './layers.ts'
import { parametersOf } from './parameters.ts'
import { isDoubleWide, layerChannelsOf, perLayerParametersOf } from './per-layer.ts'
import { quantizationOf } from './quantization.ts'
import { hasSectionedRope, ropeOf } from './rope.ts'
import { isTied } from './tied.ts'
import { uncountedOf } from './uncounted.ts'
import { visionOf, visionParametersOf } from './vision.ts'

/**
 * Facts from a parsed config.json. Never throws for a strange configuration: what could not be read is named in
 * `missing`, what was assumed in `doubts`.
 */
export function factsFromConfig(config: Config): ModelFacts {
  const text = { ...textConfigOf(config), ...inheritedOf(config) }
  const modelType = textOf(text, 'model_type') ?? 'unknown'
  const architecture = String(listOf(config, 'architectures')?.[0] ?? modelType)
  const { layers, missing } = modelLayers(text)
  const heads = headCountOf(text) ?? 0
  const hidden = hiddenSizeOf(text)
  const headDim = latentHeadDimOf(text) ?? headDimOf(text, hidden ?? 0, heads)
  const tied = isTied(config, text)
  const ffn = feedForwardOf(text)
  const uncounted = uncountedOf(config, text)
  return {
    architecture,
    modelType,
    source: 'config',
    dtype: textOf(text, 'torch_dtype', 'dtype') ?? textOf(config, 'torch_dtype', 'dtype') ?? null,
    hiddenSize: hidden ?? 1,
    vocabSize: vocabSizeOf(text),
    layerCount: layerCountOf(text) ?? 1,
    headCount: heads,
    headDim,
    activeFfnSize: activeSizeOf(ffn) * (isDoubleWide(text) ? 2 : 1),
    ...positionsOf(text, headDim, modelType),
    tiedEmbeddings: tied,
    ...(layerChannelsOf(text) > 0 && { layerChannels: layerChannelsOf(text) }),
    layers: runsOf(layers),
    draftLayers: countOf(text, 'num_nextn_predict_layers', 'mtp_num_hidden_layers', 'num_mtp_layers') ?? 0,
    experts: expertsOf(ffn),
    vision: visionOf(config),
    quantization: quantizationFor(config, text),
    parameters: withVision(
      wholeOf(parametersOf(text, layers, tied), perLayerParametersOf(text)),
      visionParametersOf(config) + soundParametersOf(config),
    ),
    ...(uncounted !== undefined && { uncounted }),
    weights: null,
    missing: [...(hidden ? [] : ['hidden_size']), ...missing, ...unknownOf(modelType, text, layers)],
    doubts: doubtsOf(modelType, architecture, text),
  }
}

function positionsOf(text: Config, headDim: number, modelType: string) {
  return {
    maxPositions: maxPositionsOf(text) ?? null,
    rope: ropeOf(text),
    rotaryDim: rotaryDimOf(text, headDim, modelType),
    ...(hasSectionedRope(text, modelType) && { sectionedRope: true }),
  }
}

function wholeOf(counts: RoleCounts | null, more: RoleCounts): RoleCounts | null {
  return counts && { ...counts, ...more, ...(more.other && { other: (counts.other ?? 0) + more.other }) }
}

/** Sizes that no model can have make no count at all. */
function withVision(counts: RoleCounts | null, vision: number): RoleCounts | null {
  const all = counts && vision > 0 ? { ...counts, vision } : counts
  return all && Object.values(all).every((count) => count >= 0 && Number.isSafeInteger(count)) ? all : null
}

/** With MLA a query head has a part without and a part with positions. */
function latentHeadDimOf(text: Config): number | undefined {
  const nope = countOf(text, 'qk_nope_head_dim')
  return nope && countOf(text, 'kv_lora_rank') ? nope + (countOf(text, 'qk_rope_head_dim') ?? 0) : undefined
}

/** Outer keys that describe the text model although it has a section of its own. */
function inheritedOf(config: Config): Config {
  const vision = sectionOf(config, 'vision_config')
  return {
    ...(vision && { vision_config: vision }),
    ...(config['is_encoder_decoder'] === true && { is_encoder_decoder: true }),
  }
}

/** Keys of caches that keep their past in another way than the rules here read. */
const otherCaches =
  /^(kv_)?compress(ion)?_(ratio|rate)s?$|^(nsa|moba|lsh|ttt|retention|hyena)_|^(lru_width|rescale_every|mb_per_layer|cca_time0|qk_dim_factor)$/

function unknownOf(modelType: string, text: Config, layers: readonly LayerKind[]): string[] {
  const what = unknownCacheOf(modelType)
  if (what) return [what]
  const ratios = layers.flatMap((layer) => (layer.kind === 'compressed' ? [layer.ratio] : []))
  const other = ratios.find((ratio) => ![1, 4, 128].includes(ratio))
  if (other !== undefined) return [`how engines keep groups of ${other} tokens`]
  if (ratios.length > 0) return []
  if (modelType.startsWith('deepseek_v4')) return ['the windows and ratios of its compressed attention']
  return Object.entries(text)
    .filter(([key, value]) => otherCaches.test(key) && value !== null)
    .map(([key]) => `what ${key} does to its cache`)
}

/** What was read of keys is planned; a name that nobody here has seen stays a doubt, since it may mean the keys otherwise. */
function doubtsOf(modelType: string, architecture: string, text: Config): string[] {
  const doubts: string[] = []
  if (!isKnownFamily(modelType))
    doubts.push(
      `${architecture} (${modelType}) is not a family known here; its layers were read from its keys`,
    )
  if (listOf(text, 'layer_types')?.includes('reference_sliding_attention'))
    doubts.push('tokens that are generated keep a window only; they are counted like those of the prompt')
  if (countOf(text, 'index_kpool', 'indexer_compress_ratio'))
    doubts.push('the raw end of its pooled index is not counted')
  if (countOf(text, 'ngram_vocab_size_base', 'ngram_size'))
    doubts.push('the weights of its tables of n-grams are not counted')
  return doubts
}

function activeSizeOf(ffn: ReturnType<typeof feedForwardOf>): number {
  if (ffn.expertCount === 0) return ffn.denseSize
  return ffn.expertsPerToken * ffn.expertSize + ffn.sharedSize
}

function expertsOf(ffn: ReturnType<typeof feedForwardOf>): ModelFacts['experts'] {
  if (ffn.expertCount === 0 || ffn.expertLayers <= 0) return null
  const { expertCount: count, expertsPerToken: perToken, expertSize: ffnSize, expertLayers: layerCount } = ffn
  return { count, perToken, ffnSize, layerCount }
}

const withoutRotary = [
  'gpt2',
  'gpt_bigcode',
  'opt',
  'bloom',
  'mpt',
  'whisper',
  'mamba',
  'mamba2',
  'nemotron_h',
]

/** Columns of the table that vLLM precomputes, which has max positions x rotary dimension x 2 bytes. */
function rotaryDimOf(text: Config, headDim: number, modelType: string): number {
  if (withoutRotary.includes(modelType)) return 0
  const latent = countOf(text, 'qk_rope_head_dim')
  const parameters = sectionOf(text, 'rope_parameters') ?? {}
  const part =
    numberOf(text, 'partial_rotary_factor', 'rotary_pct') ?? numberOf(parameters, 'partial_rotary_factor')
  const share = part !== undefined && part >= 0 && part <= 1 ? part : 1
  return latent ?? countOf(text, 'rotary_dim') ?? Math.floor(headDim * share)
}

function quantizationFor(config: Config, text: Config): Quantization | null {
  const raw = config['quantization_config'] ?? text['quantization_config'] ?? config['compression_config']
  const mlx = config['quantization']
  // MLX names a group and bits under a key of its own, and no method under either.
  if (isConfig(mlx) && 'group_size' in mlx && (!isConfig(raw) || !('quant_method' in raw)))
    return quantizationOf({ ...mlx, quant_method: 'mlx' })
  return isConfig(raw) ? quantizationOf(raw, textOf(text, 'expert_dtype')) : null
}
