import { describe, expect, test } from 'vitest'
import { factsFromFiles } from '../../../../pipelines/model-reader/facts.ts'
import { factsFromConfig } from '../../../../recipes/model-facts/config.ts'
import { layerTotals, sumOf } from '../../../../recipes/model-facts.ts'
import { gpuEngineIds } from '../../engines/fixtures.ts'
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
