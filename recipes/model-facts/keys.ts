import { type Config, isConfig } from './config-value.ts'
import { defaultsOfSection } from './defaults.ts'

/** Reads a config.json, whose writers never agreed on names. */

export const textSections = [
  'text_config',
  'llm_config',
  'language_config',
  'thinker_config',
  'language_model',
  'vlm_config',
  'decoder_config',
  'decoder',
]

/** The part that describes the language model; its keys win over the outer ones, which fill the gaps. */
export function textConfigOf(config: Config): Config {
  for (const name of textSections) {
    const inner = config[name]
    if (isConfig(inner))
      return textConfigOf({ ...defaultsOfSection(inner), ...withoutSections(config), ...definedOf(inner) })
  }
  return config
}

function withoutSections(config: Config): Config {
  return Object.fromEntries(Object.entries(config).filter(([name]) => !textSections.includes(name)))
}

function definedOf(config: Config): Config {
  return Object.fromEntries(
    Object.entries(config).filter(([, value]) => value !== null && value !== undefined),
  )
}

/** First of the names that holds a number. */
export function numberOf(config: Config, ...names: string[]): number | undefined {
  for (const name of names) {
    const value = config[name]
    if (typeof value === 'number' && Number.isFinite(value)) return value
  }
  return undefined
}

/** Larger counts are markers or mistakes: tokenizers write 10^30 for a length without end. */
const largestCount = 100_000_000

/** First of the names that holds a positive whole number. */
export function countOf(config: Config, ...names: string[]): number | undefined {
  for (const name of names) {
    const value = config[name]
    if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= largestCount)
      return value
  }
  return undefined
}

/** Like `countOf`; of a list with a value for each layer or each sort of expert it takes the first. */
export function firstCountOf(config: Config, ...names: string[]): number | undefined {
  for (const name of names) {
    const value = config[name]
    const count = countOf({ value: Array.isArray(value) ? value[0] : value }, 'value')
    if (count !== undefined) return count
  }
  return undefined
}

export function textOf(config: Config, ...names: string[]): string | undefined {
  for (const name of names) {
    const value = config[name]
    if (typeof value === 'string' && value !== '') return value
  }
  return undefined
}

export function listOf(config: Config, name: string): readonly unknown[] | undefined {
  const value = config[name]
  return Array.isArray(value) ? value : undefined
}

export function sectionOf(config: Config, ...names: string[]): Config | undefined {
  for (const name of names) {
    const value = config[name]
    if (isConfig(value)) return value
  }
  return undefined
}

/** A decoder beside an encoder has counts of its own; the plain names are then those of the encoder. */
export const layerCountOf = (config: Config) =>
  countOf(config, 'decoder_layers', 'num_decoder_layers', 'decoder_num_hidden_layers') ??
  countOf(config, 'num_hidden_layers', 'n_layer', 'n_layers', 'num_layers', 'layers') ??
  layerListOf(config)?.length ??
  (textOf(config, 'hybrid_override_pattern')?.length || undefined)

/** A word for each layer, where the configuration has such a list. */
export function layerListOf(config: Config): readonly unknown[] | undefined {
  return ['layer_types', 'layers_block_type']
    .map((name) => listOf(config, name))
    .find((list) => list && list.length > 0)
}

export const headCountOf = (config: Config) =>
  countOf(
    config,
    'decoder_attention_heads',
    'num_decoder_attention_heads',
    'decoder_num_attention_heads',
    'num_attention_heads',
    'n_head',
    'n_heads',
    'num_heads',
    'attention_heads',
  )

export const hiddenSizeOf = (config: Config) =>
  countOf(config, 'hidden_size', 'n_embd', 'n_embed', 'd_model', 'embed_dim', 'emb_dim')

export const vocabSizeOf = (config: Config) => countOf(config, 'vocab_size', 'padded_vocab_size') ?? 0

const lengthNames = [
  'max_position_embeddings',
  'n_positions',
  'max_seq_len',
  'seq_length',
  'max_target_positions',
  'max_sequence_length',
  'max_seq_length',
  'seq_len',
]

/** Longest sequence: `model_max_length` where it is named, as Cohere does, else the smallest of the other names. */
export function maxPositionsOf(config: Config): number | undefined {
  const named = lengthNames.flatMap((name) => countOf(config, name) ?? [])
  return (
    countOf(config, 'model_max_length') ?? (named.length > 0 ? Math.min(...named) : countOf(config, 'n_ctx'))
  )
}

/** Key/value heads of a layer, by the rules of each family; `heads` where nothing says less. */
export function kvHeadsOf(config: Config, heads: number, index = 0): number {
  const attention = sectionOf(config, 'attn_config')
  if (config['multi_query'] === true && config['new_decoder_architecture'] !== true) return 1
  if (config['multi_query_attention'] === false) return heads
  const named = countAt(
    config,
    index,
    'decoder_num_key_value_heads',
    'num_key_value_heads',
    'n_head_kv',
    'num_kv_heads',
    'multi_query_group_num',
    'num_attention_groups',
    'num_query_groups',
  )
  return named ?? (attention ? countOf(attention, 'kv_n_heads') : undefined) ?? heads
}

/** Like `countOf`; of a list with a value for each layer it takes that of `index`. */
function countAt(config: Config, index: number, ...names: string[]): number | undefined {
  for (const name of names) {
    const value = config[name]
    const count = countOf({ value: Array.isArray(value) ? value[index] : value }, 'value')
    if (count !== undefined) return count
  }
  return undefined
}

/**
 * Size of one head: an explicit one wins, as hidden/heads is wrong for Qwen3, Gemma, gpt-oss and Mistral-Nemo. Zamba2 has
 * `kv_channels` too, which are half of its heads.
 */
export function headDimOf(config: Config, hidden: number, heads: number): number {
  const named = countOf(
    config,
    'head_dim',
    'attention_head_dim',
    'kv_channels',
    'd_kv',
    'dim_head',
    'attention_head_size',
  )
  return named ?? (heads > 0 ? Math.floor(hidden / heads) : 0)
}
