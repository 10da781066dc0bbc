import { describe, expect, test } from 'vitest'
import type { EngineDefinition } from '../../../images/engines/engine.ts'
import { engines } from '../../../images/engines/engines.ts'
import { customGpu } from '../../../images/memory/gpus.ts'
import { planMemory } from '../../../images/memory/plan.ts'
import type { MemoryPlan } from '../../../images/memory/result.ts'
import { readMemoryArguments } from '../../../pipelines/memory/arguments.ts'
import { factsFromConfig } from '../../../recipes/model-facts/config.ts'
import cases from './cases/configs.json' with { type: 'json' }
import older from './configs.json' with { type: 'json' }

const configs: Readonly<Record<string, Readonly<Record<string, unknown>>>> = { ...older, ...cases }
const llama = factsFromConfig(older['llama-3.1-8b'])

const named = Object.values<EngineDefinition>(engines).flatMap(({ id, reserved }) =>
  (reserved.kvCacheDtypes ?? []).map((dtype): [string, string] => [id, dtype]),
)

test.each(named)('%s plans its cache type %s', (id, kvCacheDtype) => {
  const engine = Object.values<EngineDefinition>(engines).find((one) => one.id === id)
  if (engine === undefined) throw new Error(`no engine ${id}`)
  const plan = planMemory(engine, {
    facts: llama,
    gpu: customGpu('any', 80e9),
    kvCacheDtype,
    maxModelLen: 8192,
  })
  expect(plan.outcome).toBe('planned')
})

function planOf(config: string, options: string): MemoryPlan {
  const { engine, request } = readMemoryArguments([
    '--config',
    config,
    ...options.split(' '),
    '--available-kv-bytes',
    '20GiB',
  ])
  return planMemory(engine, { ...request, facts: factsFromConfig(configs[config] ?? {}) })
}

function bytesOf(config: string, options: string): number {
  const plan = planOf(config, options)
  if (plan.outcome !== 'planned') throw new Error(plan.verdict)
  return plan.kvBytesPerToken
}

test.each<[options: string, bytes: number]>([
  ['--engine sglang --gpu b200 --kv-cache-dtype fp4_e2m1', 32 * 2 * 8 * (64 + 8)],
  ['--engine sglang --gpu b200 --kv-cache-dtype mxfp8', 32 * 2 * 8 * (128 + 4)],
  ['--engine vllm --gpu mi355x --kv-cache-dtype ultraquant_4bit', 32 * 8 * 136],
  ['--engine tgi --gpu h100 --kv-cache-dtype fp8_e4m3fn', 32 * 2 * 8 * 128],
])('Llama with %s keeps %i bytes a token', (options, bytes) => {
  expect(bytesOf('llama-3.1-8b', options)).toBe(bytes)
})

describe('sparse attention with an index of 132 bytes', () => {
  const scaled = 656 + 132
  const plain = 576 + 132
  const half = 1152 + 132

  test.each<[config: string, options: string, bytes: number]>([
    ['glm-5-fp8', '--engine vllm --gpu h200 --tp 8 --kv-cache-dtype fp8', scaled],
    ['glm-5-fp8', '--engine vllm --gpu b200 --tp 8 --kv-cache-dtype fp8', plain],
    ['glm-5-fp8', '--engine vllm --gpu b200 --tp 8 --kv-cache-dtype fp8_ds_mla', scaled],
    ['glm-5-fp8', '--engine vllm --gpu b200 --tp 8 --kv-cache-dtype nvfp4_ds_mla', 352 + 132],
    ['glm-5-fp8', '--engine vllm --engine-version 0.19.1 --gpu b200 --tp 8 --kv-cache-dtype fp8', scaled],
    ['glm-5-fp8', '--engine vllm --gpu b200 --tp 8', half],
    ['glm-5-fp8', '--engine vllm --gpu rtx-pro-6000 --tp 8', scaled],
    ['glm-5-fp8', '--engine vllm --engine-version 0.23.0 --gpu rtx-pro-6000 --tp 8', half],
    ['deepseek-v3.2', '--engine vllm --engine-version 0.18.0 --gpu b200 --tp 8 --kv-cache-dtype fp8', plain],
    ['deepseek-v3.2', '--engine vllm --engine-version 0.18.0 --gpu b200 --tp 4 --kv-cache-dtype fp8', scaled],
    ['glm-5-fp8', '--engine sglang --gpu h200 --tp 8', half],
    ['glm-5-fp8', '--engine sglang --engine-version 0.5.9 --gpu b200 --tp 8', scaled],
    ['glm-5-fp8', '--engine sglang --engine-version 0.5.23 --gpu b200 --tp 8', plain],
    [
      'glm-5-fp8',
      '--engine sglang --engine-version 0.5.23 --gpu mi355x --tp 8 --kv-cache-dtype fp8_e4m3',
      plain,
    ],
    ['glm-5-fp8', '--engine sglang --engine-version 0.5.23 --gpu rtx-pro-6000 --tp 8', scaled],
  ])('%s with %s keeps %i bytes a layer', (config, options, bytes) => {
    const layers = config === 'glm-5-fp8' ? 78 : 61
    expect(bytesOf(config, options)).toBe(layers * bytes)
  })

  test('without a version of SGLang the kernels of Blackwell are not known', () => {
    expect(planOf('glm-5-fp8', '--engine sglang --gpu b200 --tp 8')).toMatchObject({ certain: false })
  })
})

test('a cache that is packed unasked is not advised to be packed', () => {
  const { engine, request } = readMemoryArguments(
    '--config glm --engine sglang --engine-version 0.5.9 --gpu b200 --tp 4 --max-model-len 131072'.split(' '),
  )
  const plan = planMemory(engine, { ...request, facts: factsFromConfig(cases['glm-5-fp8']) })
  expect(plan).toMatchObject({ fits: false, kvCacheDtype: 'fp8_e4m3' })
  const advice = plan.outcome === 'planned' ? plan.advice : []
  expect(advice.map(({ option }) => option)).not.toContain('--kv-cache-dtype fp8_e4m3')
  expect(advice.length).toBeGreaterThan(0)
})
