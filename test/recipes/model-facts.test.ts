import { expect, test } from 'vitest'
import { factsFromConfig } from '../../recipes/model-facts/config.ts'
import { layerTotals, modelFactsSchema, sumOf } from '../../recipes/model-facts.ts'
import { factsOf, type ModelName, modelNames } from '../images/memory/models.ts'

test.each(modelNames)('%s has facts that a lock can hold', (name) => {
  const facts = factsOf(name)
  expect(modelFactsSchema.parse(JSON.parse(JSON.stringify(facts)))).toEqual(facts)
  expect(facts.missing).toEqual([])
  expect(facts.doubts).toEqual([])
})

/** Totals that the models' publishers name. */
const totals: [ModelName, number][] = [
  ['llama-3.1-8b', 8030261248],
  ['llama-3.1-70b', 70553706496],
  ['llama-3.1-405b', 405853388800],
  ['qwen2.5-7b', 7615616512],
  ['qwen2.5-14b', 14770033664],
  ['qwen2.5-72b', 72706203648],
  ['qwen3-8b', 8190735360],
  ['qwen3-14b', 14768307200],
  ['qwen3-32b', 32762123264],
  ['mistral-7b-v0.1', 7241732096],
  ['mistral-7b', 7248023552],
  ['mixtral-8x7b', 46702792704],
  ['qwen3-30b-a3b', 30532122624],
  ['qwen3-235b-a22b', 235093634560],
  ['phi-4', 14659507200],
  ['phi-3-mini', 3821079552],
  ['gemma-2-9b', 9241705984],
  ['gemma-2-27b', 27227128320],
  ['gemma-3-27b', 27009346304],
  ['gpt2', 124439808],
  ['opt-125m', 125239296],
  ['gpt-oss-20b', 20914757184],
  ['gpt-oss-120b', 116829156672],
]

test.each(totals)('%s has %i parameters', (name, total) => {
  expect(sumOf(factsOf(name).parameters ?? {})).toBe(total)
})

test.each<[ModelName, number]>([
  ['deepseek-v2-lite', 15706e6],
  ['deepseek-v3', 671.03e9],
])('%s has about %i parameters', (name, total) => {
  expect(Math.abs(sumOf(factsOf(name).parameters ?? {}) / total - 1)).toBeLessThan(0.001)
})

test.each<[ModelName, Record<string, number>]>([
  ['gemma-3-27b', { window: 52, full: 10 }],
  ['gpt-oss-120b', { window: 18, full: 18 }],
  ['llama-4-scout', { chunked: 36, full: 12 }],
  ['llama-3.2-11b-vision', { full: 32, cross: 8 }],
  ['qwen3.6-27b', { state: 48, full: 16 }],
  ['nemotron-3-nano', { state: 23, none: 23, full: 6 }],
  ['jamba-mini', { state: 28, full: 4 }],
  ['mistral-7b-v0.1', { window: 32 }],
  ['phi-3-mini', { full: 32 }],
  ['deepseek-v3', { mla: 61 }],
  ['minimax-m2', { full: 62 }],
])('%s has layers %o', (name, kinds) => {
  const totals = layerTotals(factsOf(name).layers).map(({ count, layer }) => [layer.kind, count])
  expect(Object.fromEntries(totals)).toEqual(kinds)
})

const base = {
  model_type: 'llama',
  hidden_size: 1024,
  num_hidden_layers: 4,
  num_attention_heads: 8,
  intermediate_size: 2048,
  vocab_size: 1000,
}

test.each([
  [
    'an explicit list',
    {
      layer_types: ['full_attention', 'sliding_attention', 'sliding_attention', 'full_attention'],
      sliding_window: 64,
    },
    ['full', 'window', 'window', 'full'],
  ],
  [
    'a word nobody knows',
    { layer_types: ['full_attention', 'quantum_attention', 'full_attention', 'full_attention'] },
    ['full', 'none', 'full', 'full'],
  ],
  [
    'a window that is switched off',
    { model_type: 'qwen2', sliding_window: 64, use_sliding_window: false, max_position_embeddings: 4096 },
    ['full', 'full', 'full', 'full'],
  ],
  [
    'shared caches of Gemma 3n',
    {
      model_type: 'gemma3n_text',
      sliding_window: 64,
      num_kv_shared_layers: 2,
      sliding_window_pattern: 2,
      max_position_embeddings: 4096,
    },
    ['window', 'full', 'none', 'none'],
  ],
  [
    'blocks of nemotron-nas',
    {
      block_configs: [
        { attention: { n_heads_in_group: 2 } },
        { attention: { no_op: true } },
        { attention: { n_heads_in_group: 4 } },
        { attention: { replace_with_linear: true } },
      ],
    },
    ['full', 'none', 'full', 'none'],
  ],
])('%s', (_what, keys, kinds) => {
  const { layers } = factsFromConfig({ ...base, ...keys })
  expect(layers.flatMap(({ count, layer }) => Array.from({ length: count }, () => layer.kind))).toEqual(kinds)
})

test('an unknown layer type is missing, not guessed', () => {
  const facts = factsFromConfig({ ...base, layer_types: ['full_attention', 'quantum_attention'] })
  expect(facts.missing).toEqual([
    'what the layer type "quantum_attention" means',
    'what a layer that its list leaves out means',
  ])
})
