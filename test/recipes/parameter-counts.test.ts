import { expect, test } from 'vitest'
import { factsFromConfig } from '../../recipes/model-facts/config.ts'
import type { Config } from '../../recipes/model-facts/config-value.ts'
import { quantizationOf } from '../../recipes/model-facts/quantization.ts'
import { sumOf } from '../../recipes/model-facts.ts'
import cases from '../images/memory/cases/configs.json' with { type: 'json' }
import older from '../images/memory/configs.json' with { type: 'json' }

const countOf = (config: Config) => sumOf(factsFromConfig(config).parameters ?? {})

const whisperTiny: Config = {
  model_type: 'whisper',
  d_model: 384,
  encoder_layers: 4,
  decoder_layers: 4,
  encoder_attention_heads: 6,
  decoder_attention_heads: 6,
  encoder_ffn_dim: 1536,
  decoder_ffn_dim: 1536,
  num_hidden_layers: 4,
  num_mel_bins: 80,
  vocab_size: 51865,
  max_source_positions: 1500,
  max_target_positions: 448,
}

test.each<[string, Config, number]>([
  ['Whisper tiny', whisperTiny, 37760640],
  ['Whisper large v3 turbo', cases['whisper-large-v3-turbo'], 808878080],
  ['Kimi-Linear-48B', cases['kimi-linear-48b'], 49.12e9],
])('%s has about as many parameters as its publisher says', (_name, config, total) => {
  expect(Math.abs(countOf(config) / total - 1)).toBeLessThan(0.001)
})

test('an embedding of each layer is counted once, whether its width is named or of the class', () => {
  const named = { ...older['gemma-4-e4b'].text_config, hidden_size_per_layer_input: 256 }
  expect(countOf({ ...older['gemma-4-e4b'], text_config: named })).toBe(countOf(older['gemma-4-e4b']))
})

test('layers that read the cache of an earlier one have queries and an output', () => {
  const text = older['gemma-4-e4b'].text_config
  const alone = { ...older['gemma-4-e4b'], text_config: { ...text, num_kv_shared_layers: 0 } }
  const { attention: read } = factsFromConfig(older['gemma-4-e4b']).parameters ?? {}
  const { attention: own } = factsFromConfig(alone).parameters ?? {}
  expect(read).toBe(own)
})

test('experts of DeepSeek-V4 lie in 4 bits beside 8 bits of the rest', () => {
  const { quantization } = factsFromConfig(cases['deepseek-v4-flash'])
  expect(quantization).toMatchObject({ method: 'fp8', bitsPerWeight: 8 + 32 / 16384, expertBits: 4.25 })
})

test.each<[string, Config, number]>([
  ['torchao', { quant_type: { default: { _type: 'Int8WeightOnlyConfig', _data: { group_size: null } } } }, 8],
  ['torchao', { quant_type: { default: { _type: 'Float8DynamicActivationFloat8WeightConfig' } } }, 8],
  ['torchao', { quant_type: { default: { _type: 'Int4WeightOnlyConfig', _data: { group_size: 128 } } } }, 4],
  ['hqq', { quant_config: { weight_quant_params: { nbits: 8, group_size: 64 } } }, 8],
  ['quanto', { weights: 'int8' }, 8],
  ['eetq', { weights: 'int8' }, 8],
  ['gptq', { bits: 8, group_size: -1 }, 8],
  [
    'quark',
    { global_quant_config: { weight: [{ dtype: 'fp4', qscheme: 'per_group', group_size: 32 }] } },
    4.25,
  ],
])('%s of %j has %i bits a weight', (method, config, bits) => {
  expect(quantizationOf({ quant_method: method, ...config })?.bitsPerWeight).toBe(bits)
})

test.each<[string, Config, string]>([
  [
    'a tower for sound',
    { text_config: older['llama-3.1-8b'], audio_config: { hidden_size: 1280, num_hidden_layers: 32 } },
    'audio_config',
  ],
  [
    'a tower without sizes',
    { ...older['llama-3.1-8b'], vision_config: { depths: [1, 1, 9, 1] } },
    'image tower',
  ],
  ['a decoder whose encoder is left out', older['whisper-large-v3'], 'encoder'],
  ['a family that nobody compared', { ...older['llama-3.1-8b'], model_type: 'brand_new' }, 'other families'],
])('%s is named as not counted', (_name, config, words) => {
  expect(factsFromConfig({ model_type: 'some', ...config }).uncounted).toContain(words)
})

test('what is counted whole leaves nothing open', () => {
  expect(factsFromConfig(older['llama-3.1-8b'])).not.toHaveProperty('uncounted')
  expect(factsFromConfig(older['gemma-3-4b'])).not.toHaveProperty('uncounted')
})
