import { describe, expect, test } from 'vitest'
import { judgeDeviceLog } from '../../../images/boot/device-log.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { deploymentFor, recipeFor } from '../engines/fixtures.ts'

function judged(id: EngineId, log: string, change?: (recipe: Recipe) => void) {
  const deployment = deploymentFor(recipeFor(id, change))
  const { gpu } = deployment.engine.behaviour(deployment)
  if (gpu === undefined) throw new Error(`${id} has no rules`)
  return judgeDeviceLog(log, gpu)
}

/** Lines as the sources of the locked versions write them: of a server that is whole on a GPU, in part, or not at all. */
const onGpu = {
  vllm: `(EngineCore pid=41) INFO 12-01 11:00:00 [gpu_model_runner.py:5089] Model loading took 0.26 GiB memory and 0.512345 seconds
(EngineCore pid=41) INFO 12-01 11:00:09 [kv_cache_utils.py:1148] GPU KV cache size: 1,234,560 tokens, Maximum concurrency for 2,048 tokens per request: 602.81x`,
  sglang:
    '[2026-12-01 11:00:00] max_total_num_tokens=1234560, chunked_prefill_size=8192, max_prefill_tokens=16384, max_running_requests=4096, context_len=2048, available_gpu_mem=9.80 GB',
  ollama: `time=2026-12-01T11:00:00.000Z level=INFO source=types.go:32 msg="inference compute" id=GPU-1 filter_id="" library=CUDA compute=9.0 name=CUDA0 description="NVIDIA H100 80GB HBM3" libdirs=ollama,cuda_v13 driver=13.0 pci_id=0000:01:00.0 type=discrete total="79.2 GiB" available="78.7 GiB"
load_tensors: offloaded 31/31 layers to GPU`,
} as const

const onCpu: readonly (readonly [keyof typeof onGpu, string])[] = [
  [
    'vllm',
    '(EngineCore pid=41) INFO 12-01 11:00:00 [cpu_model_runner.py:68] Starting to load model /models/x...',
  ],
  [
    'vllm',
    `${onGpu.vllm}\nINFO 12-01 11:00:09 [kv_cache_utils.py:1148] CPU KV cache size: 12,288 tokens, Maximum concurrency for 512 tokens per request: 24.00x`,
  ],
  ['sglang', onGpu.sglang.replace('available_gpu_mem', 'available_cpu_mem')],
  ['ollama', onGpu.ollama.replace('31/31', '12/31')],
  ['ollama', onGpu.ollama.replace('31/31', '0/31')],
  [
    'ollama',
    'time=2026-12-01T11:00:00.000Z level=INFO source=types.go:60 msg="inference compute" id=cpu library=cpu compute="" name=cpu description=cpu',
  ],
]

describe('what the log of a server with GPUs says of its device', () => {
  test.each(Object.entries(onGpu))('%s on a GPU is believed', (id, log) => {
    expect(judged(id as EngineId, log)).toMatchObject({ good: true })
  })

  test.each(onCpu)('%s on the CPU is seen, for the whole or for a part', (id, log) => {
    expect(judged(id, log)).toMatchObject({
      good: false,
      observed: expect.stringContaining('computes on the CPU'),
    })
  })

  test.each(Object.keys(onGpu))('%s that says nothing of a GPU is not believed', (id) => {
    expect(judged(id as EngineId, 'server started')).toEqual({
      good: false,
      observed: 'its log never says that it computes on a GPU',
    })
  })

  test('the card that Ollama found is named', () => {
    expect(judged('ollama', onGpu.ollama).observed).toContain('"NVIDIA H100 80GB HBM3"')
  })

  test.each<[EngineId, Partial<Recipe['serving']>]>([
    ['vllm', { environment: { VLLM_LOGGING_LEVEL: 'warning' } }],
    ['vllm', { environment: { VLLM_CONFIGURE_LOGGING: '0' } }],
    ['sglang', { extraArguments: ['--log-level', 'error'] }],
    ['sglang', { extraArguments: ['--log_level=warning'] }],
  ])('%s that its recipe silences need not say it', (id, serving) => {
    const silenced = ({ serving: known }: Recipe) => void Object.assign(known, serving)
    expect(judged(id, 'server started', silenced)).toEqual({ good: true, observed: 'no word of the CPU' })
  })
})
