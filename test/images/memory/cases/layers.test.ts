import { describe, expect, test } from 'vitest'
import { findGpu } from '../../../../images/memory/gpus.ts'
import { factsFromFiles } from '../../../../pipelines/model-reader/facts.ts'
import { factsFromConfig } from '../../../../recipes/model-facts/config.ts'
import { factsFromGguf } from '../../../../recipes/model-facts/gguf.ts'
import { layerTotals, sumOf } from '../../../../recipes/model-facts.ts'
import { gpuEngineIds } from '../../engines/fixtures.ts'
import loggedConfigs from '../logged/configs.json' with { type: 'json' }
import { planFor } from '../plan-for.ts'
import configs from './configs.json' with { type: 'json' }
import { layerRows } from './layer-rows.ts'
import { type ConfigName, factsOfCase, GiB, planOfCase } from './rows.ts'

/** Half of the last digit that a log prints of a pool in GiB, and of how many sequences fit. */
const step = 0.005

describe.each(layerRows)('$id', (row) => {
  test('is planned so', () => {
    expect(planOfCase(row)).toMatchObject(row.expected)
  })

  test.each(Object.entries(row.printed ?? {}))('%s %d lies in what was printed', (name, logged) => {
    const pool = row.options.availableKvBytes ?? 0
    // The names come from `printed`, whose keys are members of a plan.
    const at = (bytes: number) => planOfCase(row, bytes)[name as 'kvTokens']
    const rounding = name === 'maxConcurrency' ? step : 0
    expect(at(pool - step * GiB)).toBeLessThanOrEqual(logged + rounding)
    expect(at(pool + step * GiB)).toBeGreaterThanOrEqual(logged - rounding)
  })
})

/** Its log has neither version nor batch, which decide what windows take: 11.04 GiB for 1,048,576 tokens, and 1,001,216 in 10.85. */
test.each(['0.22.0', '0.26.0', '0.28.0'])(
  'N32 DeepSeek-V4-Flash, vLLM %s on a DGX Spark: 47,360 tokens more take 0.19 GiB',
  (engineVersion) => {
    const needed = (maxModelLen: number) =>
      planOfCase({
        id: '',
        model: 'deepseek-v4-flash',
        expected: {},
        options: {
          engineVersion,
          gpu: 'dgx-spark',
          kvCacheDtype: 'fp8',
          maxModelLen,
          availableKvBytes: 20 * GiB,
        },
      }).kvBytesForOneSequence
    const more = (needed(1048576) - needed(1001216)) / GiB
    expect(more).toBeGreaterThan(11.035 - 10.855)
    expect(more).toBeLessThan(11.045 - 10.845)
  },
)

/** Its log: 64 slots, states 3.05, their copies 48.75 and 0.43, the drafter's cache 6.78 GiB, and 295,950 tokens. */
test('N15 Qwen3.5-9B, SGLang, 15 drafted tokens by a drafter of six layers', () => {
  const drafter = {
    model_type: 'qwen3',
    hidden_size: 4096,
    num_hidden_layers: 6,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    head_dim: 128,
    intermediate_size: 12288,
    vocab_size: 248320,
    torch_dtype: 'bfloat16',
  }
  const tokens = 295950
  const convolutions = 65 * 24 * 3 * 8192 * 2
  const plan = planFor({
    engine: 'sglang',
    facts: factsFromConfig(loggedConfigs['qwen3.5-9b']),
    gpu: findGpu('h100'),
    drafter: factsFromConfig(drafter),
    speculativeTokens: 15,
    maxNumSeqs: 64,
    stateSlots: 64,
    prefixCaching: false,
    availableKvBytes: Math.round((3.05 + 48.75 + 0.43 + 6.78) * GiB + tokens * 32768 + convolutions),
  })
  const printed = (0.02 * GiB) / (32768 + 24576)
  expect(Math.abs((plan.outcome === 'planned' ? plan.kvTokens : 0) - tokens)).toBeLessThan(printed)
})

test('a GGUF header has the layers of DeepSeek-V4 as its configuration has them', () => {
  const ratios = configs['deepseek-v4-flash'].compress_ratios
  const header = {
    'general.architecture': 'deepseek4',
    'deepseek4.block_count': 43,
    'deepseek4.embedding_length': 4096,
    'deepseek4.attention.head_count': 64,
    'deepseek4.attention.key_length': 512,
    'deepseek4.attention.sliding_window': 128,
    'deepseek4.attention.indexer.key_length': 128,
    'deepseek4.attention.compress_ratios': ratios,
    'deepseek4.rope.dimension_count': 64,
  }
  expect(factsFromGguf(header, []).layers).toEqual(factsOfCase('deepseek-v4-flash').layers)
  const { 'deepseek4.attention.compress_ratios': _ratios, ...without } = header
  expect(factsFromGguf(without, []).missing).toContain('attention.compress_ratios, attention.sliding_window')
})

test('NVIDIA calls the layers of GLM-5.2 by a word, and its index goes by the same list', () => {
  const layer_types = Array.from({ length: 78 }, () => 'deepseek_sparse_attention')
  expect(factsFromConfig({ ...configs['glm-5.2'], layer_types }).layers).toEqual(
    factsOfCase('glm-5.2').layers,
  )
})

test('Nemotron-3-Super as it is published, with Infinity in it', () => {
  const configText = JSON.stringify({ ...configs['nemotron-3-super'], time_step_limit: [0, 'INF'] })
  const files = { label: 'it', quantText: undefined, headers: [] }
  const facts = factsFromFiles({ ...files, configText: configText.replace('"INF"', 'Infinity') })
  expect(facts).toEqual(factsOfCase('nemotron-3-super'))
})

test.each(gpuEngineIds)('%s keeps nothing for an encoder, and samples no token', (engine) => {
  const row = { id: '', model: 'bge-m3', expected: {}, options: { engine, gpu: 'l4' } } as const
  const plan = planOfCase(row)
  expect(plan).toMatchObject({
    fits: true,
    kvPoolBytes: 0,
    kvBytesPerToken: 0,
    kvLayers: [],
    maxModelLenThatFits: 8194,
  })
  expect(plan.maxConcurrency).toBeGreaterThan(0)
  expect(planOfCase({ ...row, options: { engine, gpu: 1 } })).toMatchObject({
    fits: false,
    maxModelLenThatFits: 0,
  })
})

test.each(['tgi', 'tensorrt-llm'] as const)(
  '%s may keep sparse layers otherwise: nothing is certain',
  (engine) => {
    const options = { engine, gpu: 'b200', tp: 8, maxModelLen: 8192 } as const
    for (const model of ['deepseek-v4-flash', 'minimax-m3'] as const) {
      const plan = planOfCase({ id: '', model, expected: {}, options })
      expect(plan.certain).toBe(false)
      expect(plan.verdict).toContain('how this engine keeps sparse and compressed layers is not known here')
    }
  },
)

test('SGLang reserves windows otherwise without a cache of prefixes: nothing is certain', () => {
  const options = { engine: 'sglang', gpu: 'h100', maxNumSeqs: 8, maxModelLen: 8192 } as const
  const row = { id: '', model: 'gemma-4-e2b', expected: {}, options } as const
  expect(planOfCase(row).certain).toBe(true)
  const asked = planOfCase({ ...row, options: { ...options, prefixCaching: false } })
  expect(asked.certain).toBe(false)
  expect(asked.verdict).toContain('reserved for each request')
})

test('a decoder that gives vectors keeps its cache and samples no token', () => {
  const options = { gpu: 'l4', maxModelLen: 8192, maxNumSeqs: 1024 } as const
  const row = { id: '', model: 'lfm2.5-1.2b', expected: {}, options } as const
  const asked = planOfCase({ ...row, options: { ...options, pools: true } })
  expect(asked.kvBytesPerToken).toBe(planOfCase(row).kvBytesPerToken)
  expect(asked.overheadBytes['activation']).toBeLessThan(planOfCase(row).overheadBytes['activation'] ?? 0)
})

test.each<[ConfigName, number, number]>([
  ['nemotron-3-super', 120.6e9, 0.01],
  ['nemotron-3-nano', 31.6e9, 0.01],
  ['deepseek-v4-flash', 284e9, 0.01],
  ['longcat-flash', 560e9, 0.01],
  ['step-3.7-flash', 196e9, 0.01],
  ['lfm2.5-1.2b', 1.17e9, 0.01],
  ['mimo-v2-flash', 309e9, 0.01],
  ['zamba2-2.7b', 2.69e9, 0.02],
  ['qwen3.5-122b', 122e9, 0.01],
  ['bge-m3', 568e6, 0.01],
  ['gemma-4-26b', 25.8e9, 0.01],
])('%s has about %d parameters, as published', (model, published, within) => {
  const { parameters } = factsOfCase(model)
  expect(Math.abs(sumOf(parameters ?? {}) / published - 1)).toBeLessThan(within)
})

test.each<[ConfigName, Record<string, number>]>([
  ['glm-5.2', { 'mla with index': 21, mla: 57 }],
  ['glm-5-fp8', { 'mla with index': 78 }],
  ['kimi-k3', { state: 69, mla: 24 }],
  ['step-3.7-flash', { full: 12, window: 33 }],
  ['gemma-4-e2b', { window: 12, full: 3, none: 20 }],
  ['bge-m3', { encoder: 24 }],
  ['zamba2-2.7b', { state: 54, full: 9 }],
])('%s has layers %j', (model, expected) => {
  const { layers, missing, doubts } = factsOfCase(model)
  const totals = layerTotals(layers).map(({ count, layer }) => {
    const isIndexed = 'indexDim' in layer && (layer.indexDim ?? 0) > 0
    return [isIndexed ? `${layer.kind} with index` : layer.kind, count]
  })
  expect({ missing, doubts, ...Object.fromEntries(totals) }).toEqual({ missing: [], doubts: [], ...expected })
})

test('MiniMax-M3 has the same layers as its checkpoint writes it and as transformers writes it', () => {
  const { sparse_attention_config: sparse, ...rest } = configs['minimax-m3']
  const written = {
    ...rest,
    layer_types: sparse.sparse_attention_freq.map((flag) =>
      flag === 1 ? 'minimax_m3_sparse' : 'full_attention',
    ),
    index_head_dim: sparse.sparse_index_dim,
  }
  expect(factsFromConfig(written).layers).toEqual(factsOfCase('minimax-m3').layers)
})

test('a packed dense model of MXFP4 is packed whole, and not certain', () => {
  const facts = factsFromConfig({
    ...loggedConfigs['qwen2.5-7b-gptq'],
    quantization_config: { quant_method: 'mxfp4' },
  })
  const plan = planFor({ facts, engine: 'vllm', gpu: findGpu('h100'), maxModelLen: 8192 })
  expect(plan).toMatchObject({ certain: false })
  expect(plan.outcome === 'planned' && plan.weightsTotalBytes < 6 * GiB).toBe(true)
})
