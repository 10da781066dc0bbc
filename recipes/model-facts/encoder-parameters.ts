import type { RoleCounts } from '../model-facts.ts'
import type { Config } from './config-value.ts'
import { countOf, maxPositionsOf, sectionOf, textOf } from './keys.ts'

/** Mel bands, where a configuration of Whisper leaves them out. */
const usualBands = 80

/** Whisper hears through two convolutions over three frames each. */
const frames = 3

/** Elements of the encoder beside a decoder: attention and two matrices a layer, biases, norms, positions, and what takes sound in. */
export function encoderParametersOf(config: Config, hidden: number): RoleCounts {
  const layers = countOf(config, 'encoder_layers')
  if (!layers || !countOf(config, 'decoder_layers')) return {}
  const ffn = countOf(config, 'encoder_ffn_dim') ?? 4 * hidden
  const isWhisper = textOf(config, 'model_type') === 'whisper'
  const bands = countOf(config, 'num_mel_bins') ?? usualBands
  const read = isWhisper ? (countOf(config, 'max_source_positions') ?? 0) : learnedOf(config)
  const written = isWhisper ? (countOf(config, 'max_target_positions') ?? 0) : learnedOf(config)
  return {
    attention: layers * 4 * hidden * hidden,
    dense: layers * (2 * hidden * ffn + ffn + 5 * hidden),
    norm: layers * 4 * hidden + 2 * hidden,
    embedding: (read + written) * hidden,
    other: isWhisper ? frames * hidden * (bands + hidden) : 0,
  }
}

/** BART's tables of positions begin two rows late; Marian's and Pegasus' are computed. */
function learnedOf(config: Config): number {
  return /^(m?bart|plbart|mvp|blenderbot)/.test(textOf(config, 'model_type') ?? '')
    ? (maxPositionsOf(config) ?? 0) + 2
    : 0
}

/** Sections of towers for sound, by the names of families. */
export const soundSections = [
  'audio_config',
  'encoder_config',
  'audio_encoder_config',
  'speech_config',
  'audio_tower_config',
]

/** Elements of the layers of a tower for sound beside a text model; what lies around them is not counted. */
export function soundParametersOf(config: Config): number {
  const tower = sectionOf(
    config['thinker_config'] ? { ...(sectionOf(config, 'thinker_config') ?? {}) } : config,
    ...soundSections,
  )
  if (!tower || !sectionOf(config, 'text_config', 'thinker_config')) return 0
  const layers = countOf(tower, 'num_hidden_layers', 'encoder_layers', 'num_layers', 'depth') ?? 0
  const hidden = countOf(tower, 'hidden_size', 'd_model', 'hidden_dim') ?? 0
  const ffn = countOf(tower, 'intermediate_size', 'encoder_ffn_dim') ?? 4 * hidden
  return layers * hidden * (4 * hidden + 2 * ffn)
}
