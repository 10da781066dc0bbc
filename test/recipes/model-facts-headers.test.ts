import { describe, expect, test } from 'vitest'
import { factsFromConfig } from '../../recipes/model-facts/config.ts'
import { ggmlTensorBytes } from '../../recipes/model-facts/ggml.ts'
import { factsFromGguf } from '../../recipes/model-facts/gguf.ts'
import { quantizationOf } from '../../recipes/model-facts/quantization.ts'
import { tensorsOfHeader, withTensors } from '../../recipes/model-facts/tensors.ts'

const base = {
  model_type: 'llama',
  hidden_size: 1024,
  num_hidden_layers: 4,
  num_attention_heads: 8,
  intermediate_size: 2048,
  vocab_size: 1000,
}

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

  test('DeepSeek keeps whole heads in files from before MLA, and the latent in newer ones', () => {
    const header = {
      'general.architecture': 'deepseek2',
      'deepseek2.block_count': 27,
      'deepseek2.embedding_length': 2048,
      'deepseek2.attention.head_count': 16,
      'deepseek2.attention.head_count_kv': 16,
      'deepseek2.attention.key_length': 192,
      'deepseek2.attention.value_length': 128,
      'deepseek2.attention.kv_lora_rank': 512,
      'deepseek2.rope.dimension_count': 64,
    }
    expect(factsFromGguf(header, []).layers).toEqual([
      { count: 27, layer: { kind: 'full', kvHeads: 16, keyDim: 192, valueDim: 128 } },
    ])
    const newer = { ...header, 'deepseek2.attention.key_length_mla': 192 }
    expect(factsFromGguf(newer, []).layers).toEqual([
      { count: 27, layer: { kind: 'mla', latentDim: 512, ropeDim: 64, indexDim: 0 } },
    ])
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
