import type { Config } from './config-value.ts'
import { isConfig } from './config-value.ts'
import { soundSections } from './encoder-parameters.ts'
import { isKnownFamily } from './families.ts'
import { countOf, textOf, textSections } from './keys.ts'
import { visionParametersOf } from './vision.ts'

/** Sections that describe a part of the text model, or no weights. */
const withoutWeights =
  /^(vision|quantization|compression|attn|ffn|linear_attn|sparse_attention|generation|speculators|word_timestamp|rope|moe|hash|per_layer|token2wav|talker)_config$/

const sizeNames = [
  'hidden_size',
  'd_model',
  'hidden_dim',
  'dim',
  'n_embd',
  'num_hidden_layers',
  'num_layers',
  'depth',
]

/**
 * What of a model `parameters` may lack, in words; undefined where classes of transformers with such a configuration have what is
 * counted (`test/tools/sweep`).
 */
export function uncountedOf(config: Config, text: Config): string | undefined {
  const inner = config['thinker_config']
  const sections = Object.entries(isConfig(inner) ? { ...config, ...inner } : config).filter(
    ([name, value]) => isConfig(value) && !textSections.includes(name) && !withoutWeights.test(name),
  )
  // Object.entries widens the values, which were filtered to be sections.
  const weighing = sections.filter(
    ([name, value]) => soundSections.includes(name) || countOf(value as Config, ...sizeNames) !== undefined,
  )
  if (weighing.length > 0)
    return `of ${weighing.map(([name]) => name).join(', ')} no more than layers is counted`
  if (isConfig(config['vision_config']) && visionParametersOf(config) === 0)
    return 'its image tower is not counted'
  const type = textOf(text, 'model_type') ?? ''
  if (
    countOf(text, 'encoder_layers', 'num_encoder_layers') &&
    !/^(whisper|bart|mbart|marian|pegasus)$/.test(type)
  )
    return 'its encoder is counted as one of BART'
  if (countOf(text, 'decoder_layers') && !countOf(text, 'encoder_layers')) return 'its encoder is not counted'
  return isKnownFamily(type) ? undefined : 'its weights are counted by the rules of other families'
}
