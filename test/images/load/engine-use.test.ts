import { expect, test } from 'vitest'
import { engines } from '../../../images/engines/engines.ts'
import type { EngineGauges } from '../../../images/engines/gauges.ts'
import { type EngineReading, readGauges, useOf } from '../../../images/load/engine-use.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'

function gaugesOf(id: EngineId): EngineGauges {
  const gauges = engines.find((engine) => engine.id === id)?.gauges
  if (gauges === undefined) throw new Error(`${id} has no gauges`)
  return gauges
}

const pages: Partial<Record<EngineId, string>> = {
  // Two copies of a model: their counts add up, and the fullest cache counts.
  vllm: `# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="a \\"b\\" {c}"} 3.0
vllm:num_requests_running{engine="1",model_name="a \\"b\\" {c}"} 2.0
vllm:num_requests_waiting{engine="0",model_name="m"} 0.0
vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.125
vllm:kv_cache_usage_perc{engine="1",model_name="m"} 0.75
vllm:num_preemptions_total{engine="0",model_name="m"} 4.0
vllm:num_preemptions_total{engine="1",model_name="m"} 1.0
vllm:num_preemptions_created{engine="0",model_name="m"} 1.7e+09
`,
  sglang: `sglang:token_usage{model_name="m",tp_rank="0"} 0.31
sglang:num_running_reqs{model_name="m",tp_rank="0"} 8.0
sglang:num_queue_reqs{model_name="m",tp_rank="0"} 5.0
sglang:num_retracted_requests_total{model_name="m",tp_rank="0"} 2.0
`,
  tgi: 'tgi_batch_current_size 4\ntgi_queue_size 11\ntgi_request_count{} 90\n',
  'llama-cpp': `llamacpp:requests_processing 2
llamacpp:requests_deferred 1
llamacpp:predicted_tokens_seconds nan
`,
  'tensorrt-llm': JSON.stringify([
    { numActiveRequests: 9, kvCacheStats: { usedNumBlocks: 1, maxNumBlocks: 1000 } },
    { numActiveRequests: 2, numQueuedRequests: 3, kvCacheStats: { usedNumBlocks: 600, maxNumBlocks: 1000 } },
  ]),
}

test.each([
  ['vllm', { cacheShare: 0.75, preemptions: 5, running: 5, waiting: 0 }],
  ['sglang', { cacheShare: 0.31, preemptions: 2, running: 8, waiting: 5 }],
  ['tgi', { cacheShare: null, preemptions: null, running: 4, waiting: 11 }],
  ['llama-cpp', { cacheShare: null, preemptions: null, running: 2, waiting: 1 }],
  ['tensorrt-llm', { cacheShare: 0.6, preemptions: null, running: 2, waiting: 3 }],
] as const)('%s says how full it is', (id, reading) => {
  expect(readGauges(pages[id] ?? '', gaugesOf(id))).toEqual(reading)
})

test('an older name of the cache counts where the newer one is not there', () => {
  const page = 'vllm:gpu_cache_usage_perc{model_name="m"} 0.5\n'
  expect(readGauges(page, gaugesOf('vllm'))?.cacheShare).toBe(0.5)
  expect(readGauges(`vllm:kv_cache_usage_perc 0.25\n${page}`, gaugesOf('vllm'))?.cacheShare).toBe(0.25)
})

test.each([
  ['vllm', '<html>404</html>'],
  ['vllm', ''],
  ['tensorrt-llm', '[]'],
  ['tensorrt-llm', 'not json'],
] as const)('a page of %s that is none says nothing: %j', (id, page) => {
  expect(readGauges(page, gaugesOf(id))).toBeNull()
})

const reading = (change: Partial<EngineReading>): EngineReading => ({
  ...{ cacheShare: null, preemptions: null, running: null, waiting: null },
  ...change,
})

test('of a step the peaks count, and what was preempted since it began', () => {
  const use = useOf([
    reading({ cacheShare: 0.1, preemptions: 7, running: 0 }),
    reading({ cacheShare: 0.9, preemptions: 8, running: 4 }),
    reading({ cacheShare: 0.2, preemptions: 10, running: 0 }),
  ])
  expect(use).toEqual({ cachePeak: 0.9, preemptions: 3, runningPeak: 4, waitingPeak: null, readings: 3 })
})

test('a counter that appears with its first sample began at nothing', () => {
  expect(useOf([reading({}), reading({ preemptions: 2 })])?.preemptions).toBe(2)
  expect(useOf([])).toBeNull()
})
