import { describe, expect, test } from 'vitest'
import { engineIds } from '../../../../recipes/engine-ids.ts'
import { layerTotals, sumOf } from '../../../../recipes/model-facts.ts'
import { type CaseRow, type ConfigName, factsOfCase, GiB, planOfCase } from './rows.ts'

/** Logged runs whose layers are of sorts that the planner once read wrong; each row is a log, or what its configuration says. */
const rows: CaseRow[] = [
  {
    id: 'N29 DeepSeek-V4-Flash, vLLM 0.22 (vllm#44376)',
    model: 'deepseek-v4-flash',
    options: {
      engineVersion: '0.22.0',
      gpu: 'gh200',
      tp: 2,
      kvCacheDtype: 'fp8',
      blockSize: 256,
      maxModelLen: 30000,
      maxNumBatchedTokens: 16384,
      availableKvBytes: 5.44 * GiB,
    },
    expected: { kvBytesForOneSequence: 7152076800, fits: false },
    printed: { maxModelLenThatFits: 13528 },
  },
  {
    id: 'N30 DeepSeek-V4-Flash, SGLang, one request at once',
    model: 'deepseek-v4-flash',
    options: { engine: 'sglang', maxNumSeqs: 1, availableKvBytes: 6.16 * GiB },
    expected: {},
    printed: { kvTokens: 852992 },
  },
  {
    id: 'N30 DeepSeek-V4-Flash, SGLang, eight requests',
    model: 'deepseek-v4-flash',
    options: { engine: 'sglang', maxNumSeqs: 8, availableKvBytes: 11.89 * GiB },
    expected: {},
    printed: { kvTokens: 1641472 },
  },
  {
    id: 'N30 DeepSeek-V4-Flash, SGLang 0.5.12 with its draft layer',
    model: 'deepseek-v4-flash',
    options: {
      engine: 'sglang',
      engineVersion: '0.5.12',
      speculativeTokens: 3,
      availableKvBytes: 45.78 * GiB,
    },
    expected: {},
    printed: { kvTokens: 3080960 },
  },
  {
    id: 'N34 Zamba2-2.7B, vLLM 0.12',
    model: 'zamba2-2.7b',
    options: {
      engineVersion: '0.12.0',
      gpu: 15.48,
      maxModelLen: 2048,
      maxNumSeqs: 8,
      availableKvBytes: 6.16 * GiB,
    },
    expected: { kvBlockTokens: 48, kvTokens: 5088 },
    printed: { maxConcurrency: 15.27 },
  },
  {
    id: 'N09 GLM-5-FP8, SGLang',
    model: 'glm-5-fp8',
    options: {
      engine: 'sglang',
      tp: 8,
      gpu: 'mi355x',
      kvCacheDtype: 'fp8_e4m3',
      availableKvBytes: 186.77 * GiB,
    },
    expected: {},
    printed: { kvTokens: 3262823 },
  },
  {
    id: 'N10 MiniMax-M2.7',
    model: 'minimax-m2.5',
    options: { maxModelLen: 204800, availableKvBytes: 24.85 * GiB },
    expected: { kvBytesForOneSequence: 48.4375 * GiB, maxModelLenThatFits: 105056, fits: false },
  },
  {
    id: 'N44 LFM2.5-1.2B, vLLM 0.17',
    model: 'lfm2.5-1.2b',
    options: {
      engineVersion: '0.17.0',
      dtype: 'float16',
      maxModelLen: 2048,
      prefixCaching: false,
      availableKvBytes: 8009416704,
    },
    expected: { kvBlockTokens: 16, kvTokens: 217264 },
    printed: { maxConcurrency: 313.37 },
  },
  {
    id: 'MiniMax-M3: a lane of 128 elements on 57 layers (llama.cpp#24908)',
    model: 'minimax-m3',
    options: { availableKvBytes: 20 * GiB },
    expected: { kvBytesPerToken: 137472 },
  },
  {
    id: 'MiniMax-M3 over eight ranks: the lane is whole on each',
    model: 'minimax-m3',
    options: { tp: 8, availableKvBytes: 20 * GiB },
    expected: { kvBytesPerToken: 60 * 512 + 57 * 256 },
  },
  {
    id: 'MiMo-V2-Flash: its list of layers and not its chunks',
    model: 'mimo-v2-flash',
    options: { tp: 8, availableKvBytes: 20 * GiB },
    expected: { kvBytesPerTokenPastWindows: 5760 },
  },
  {
    id: 'LongCat-Flash: two attentions in each of 28 layers',
    model: 'longcat-flash',
    options: { availableKvBytes: 20 * GiB },
    expected: { kvBytesPerToken: 64512 },
  },
  {
    id: 'Whisper-large-v3-turbo: 4 layers of its decoder and not 32 of its encoder',
    model: 'whisper-large-v3-turbo',
    options: { availableKvBytes: 2 * GiB },
    expected: { kvBytesPerToken: 20480, kvBytesPerSequence: 4 * 1500 * 5120 },
  },
]

/** Half of the last digit that a log prints of a pool in GiB, and of how many sequences fit. */
const step = 0.005

describe.each(rows)('$id', (row) => {
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

test.each(engineIds)('%s keeps nothing for an encoder, and samples no token', (engine) => {
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
