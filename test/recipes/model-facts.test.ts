import { describe, expect, test } from 'vitest'
import { factsFromConfig } from '../../recipes/model-facts/config.ts'
import { ggmlTensorBytes } from '../../recipes/model-facts/ggml.ts'
import { factsFromGguf } from '../../recipes/model-facts/gguf.ts'
import { quantizationOf } from '../../recipes/model-facts/quantization.ts'
import { tensorsOfHeader, withTensors } from '../../recipes/model-facts/tensors.ts'
import { layerTotals, modelFactsSchema, sumOf } from '../../recipes/model-facts.ts'
import { factsOf, type ModelName, modelNames } from '../images/memory/models.ts'

test.each(modelNames)('%s has facts that a lock can hold', (name) => {
  const facts = factsOf(name)
  expect(modelFactsSchema.parse(JSON.parse(JSON.stringify(facts)))).toEqual(facts)
  expect(facts.missing).toEqual([])
  expect(facts.doubts).toEqual([])
})

/** Published totals (memory.md section 1.1). */
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
    'what layer_types means at layer 1',
    'what layer_types means at layer 2',
    'what layer_types means at layer 3',
  ])
})

describe('safetensors headers', () => {
  const header = {
    __metadata__: { format: 'pt' },
    'model.embed_tokens.weight': { dtype: 'BF16', shape: [1000, 1024], data_offsets: [0, 2048000] },
    'model.layers.0.self_attn.q_proj.weight': {
      dtype: 'BF16',
      shape: [1024, 1024],
      data_offsets: [2048000, 4145152],
    },
    'model.layers.0.self_attn.k_proj.weight': {
      dtype: 'BF16',
      shape: [1024, 1024],
      data_offsets: [4145152, 6242304],
    },
    'model.layers.0.mlp.gate.weight': { dtype: 'BF16', shape: [8, 1024], data_offsets: [6242304, 6258688] },
    'model.layers.0.mlp.experts.0.gate_proj.weight': {
      dtype: 'I32',
      shape: [1, 1],
      data_offsets: [6258688, 6258692],
    },
    'model.layers.0.mlp.shared_expert.up_proj.weight': {
      dtype: 'BF16',
      shape: [1, 2],
      data_offsets: [6258692, 6258696],
    },
    'model.layers.0.input_layernorm.weight': {
      dtype: 'BF16',
      shape: [1024],
      data_offsets: [6258696, 6260744],
    },
    'model.layers.4.mlp.down_proj.weight': { dtype: 'BF16', shape: [1, 2], data_offsets: [6260744, 6260748] },
  }

  test('bytes go to the roles that tensor parallelism divides', () => {
    const { weights, tiedEmbeddings } = withTensors(factsFromConfig(base), tensorsOfHeader(header))
    expect(tiedEmbeddings).toBe(true)
    expect(weights).toEqual({
      totalBytes: 6260748,
      byRole: {
        embedding: 2048000,
        attention: 2097152,
        keyValue: 2097152,
        router: 16384,
        expert: 4,
        shared: 4,
        norm: 2048,
        draft: 4,
      },
      byDtype: { BF16: 6260744, I32: 4 },
    })
  })
})

test.each([
  ['Q4_0', 2, [4096, 32], (4096 * 32 * 18) / 32],
  ['Q4_K', 12, [4096, 2], (4096 * 2 * 144) / 256],
  ['Q6_K', 14, [256, 3], 210 * 3],
  ['MXFP4', 39, [64, 1], 34],
  ['F32', 0, [7], 28],
] as const)('a tensor of %s', (_name, type, shape, bytes) => {
  expect(ggmlTensorBytes(type, shape)).toBe(bytes)
})

test.each([
  ['GPTQ at group 128', { quant_method: 'gptq', bits: 4, group_size: 128 }, 4.15625],
  ['AWQ at group 64', { quant_method: 'awq', bits: 4, group_size: 64 }, 4.3125],
  ['MXFP4', { quant_method: 'mxfp4' }, 4.25],
  ['NVFP4', { quant_method: 'modelopt', quant_algo: 'NVFP4' }, 4.5],
  ['FP8 in blocks', { quant_method: 'fp8', weight_block_size: [128, 128] }, 8 + 32 / 16384],
  ['NF4', { quant_method: 'bitsandbytes', load_in_4bit: true }, 4.5],
  [
    'compressed W4A16',
    {
      quant_method: 'compressed-tensors',
      config_groups: { group_0: { weights: { num_bits: 4, type: 'int', group_size: 128, symmetric: true } } },
    },
    4.125,
  ],
])('%s', (_name, raw, bits) => {
  expect(quantizationOf(raw)?.bitsPerWeight).toBe(bits)
})

describe('GGUF headers', () => {
  const tensor = (name: string) => ({ name, shape: [256n, 4n], dtype: 12 })

  test('gpt-oss has a window on every other layer, from the first', () => {
    const facts = factsFromGguf(
      {
        'general.architecture': 'gpt-oss',
        'gpt-oss.block_count': 4,
        'gpt-oss.embedding_length': 2880,
        'gpt-oss.attention.head_count': 64,
        'gpt-oss.attention.head_count_kv': 8,
        'gpt-oss.attention.key_length': 64,
        'gpt-oss.attention.value_length': 64,
        'gpt-oss.attention.sliding_window': 128,
        'gpt-oss.context_length': 131072,
        'tokenizer.ggml.tokens': ['a', 'b'],
      },
      [tensor('token_embd.weight'), tensor('output.weight'), tensor('blk.0.ffn_gate_exps.weight')],
    )
    expect(facts).toMatchObject({
      vocabSize: 2,
      tiedEmbeddings: false,
      missing: [],
      doubts: [],
      maxPositions: 131072,
    })
    expect(facts.layers.map(({ layer }) => layer.kind)).toEqual(['window', 'full', 'window', 'full'])
    expect(facts.weights?.byRole).toEqual({ embedding: 576, head: 576, expert: 576 })
  })

  test('heads for each layer, states where there are none', () => {
    const facts = factsFromGguf(
      {
        'general.architecture': 'nemotron_h',
        'nemotron_h.block_count': 3,
        'nemotron_h.embedding_length': 4480,
        'nemotron_h.attention.head_count': 40,
        'nemotron_h.attention.head_count_kv': [0, 8, 0],
        'nemotron_h.feed_forward_length': [0, 0, 15680],
        'nemotron_h.attention.key_length': 128,
        'nemotron_h.ssm.inner_size': 10240,
        'nemotron_h.ssm.state_size': 128,
        'nemotron_h.ssm.group_count': 8,
        'nemotron_h.ssm.conv_kernel': 4,
        'nemotron_h.ssm.time_step_rank': 128,
      },
      [],
    )
    expect(facts.layers.map(({ layer }) => layer.kind)).toEqual(['state', 'full', 'none'])
  })

  test('an unknown type of tensor is missing', () => {
    const facts = factsFromGguf(
      {
        'general.architecture': 'llama',
        'llama.block_count': 1,
        'llama.embedding_length': 8,
        'llama.attention.head_count': 1,
      },
      [{ name: 'x', shape: [8], dtype: 99 }],
    )
    expect(facts.missing).toEqual(['block size of ggml type 99'])
  })
})
