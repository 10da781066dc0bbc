import { describe, expect, test } from 'vitest'
import { engineOf } from '../../../images/engines/engines.ts'
import { askedMemory } from '../../../images/engines/memory-flags.ts'
import { planImage } from '../../../images/plan/plan.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { lockFor, recipeFor } from '../engines/fixtures.ts'
import { factsOf, GiB, type ModelName } from '../memory/models.ts'

function asked(id: EngineId, extraArguments: string[], environment: Record<string, string> = {}) {
  const { memoryFlags, reserved } = engineOf(id)
  return askedMemory(memoryFlags, reserved.style, { extraArguments, environment })
}

describe('what a command line says of memory', () => {
  test.each<[EngineId, string[], object]>([
    ['vllm', ['--pipeline-parallel-size', '2'], { pp: 2 }],
    ['vllm', ['--pipeline-parallel-size=2'], { pp: 2 }],
    ['vllm', ['--pipeline_parallel_size', '2'], { pp: 2 }],
    ['vllm', ['--pipeline-parallel', '2'], { pp: 2 }],
    ['vllm', ['-pp', '2'], { pp: 2 }],
    ['vllm', ['-pp', '4', '-pp', '2'], { pp: 2 }],
    ['vllm', ['-dp', '2', '--enable-expert-parallel'], { dp: 2 }],
    ['vllm', ['--cpu-offload-gb', '4'], { hostWeightsBytes: 4 * GiB }],
    ['vllm', ['--swap-space', '0.5'], { swapSpaceBytes: GiB / 2 }],
    ['vllm', ['--enforce-eager'], { enforceEager: true }],
    ['vllm', ['--no-enable-prefix-caching'], { prefixCaching: false }],
    ['vllm', ['--disable-hybrid-kv-cache-manager'], { hybridKvCache: false }],
    ['vllm', ['--block-size', '32', '--trust-remote-code'], { blockSize: 32 }],
    ['vllm', ['--language-model-only'], { textOnly: true }],
    ['vllm', ['--limit-mm-per-prompt', '{"image":0,"video":0}'], { textOnly: true }],
    ['vllm', ['--limit-mm-per-prompt', 'image=0,video=0'], { textOnly: true }],
    ['vllm', ['--enable-lora'], { adapters: true }],
    ['vllm', ['--max-loras=4', '--max_lora_rank', '64'], { adapterSlots: 4, adapterRank: 64 }],
    ['sglang', ['--pp-size', '2', '--dp', '2'], { pp: 2, dp: 2 }],
    ['sglang', ['--chunked-prefill-size', '4096'], { maxNumBatchedTokens: 4096 }],
    ['sglang', ['--cpu-offload-gb', '2'], { hostWeightsBytes: 2 * GiB }],
    ['tensorrt-llm', ['--pp_size', '2'], { pp: 2 }],
    ['tensorrt-llm', ['--pp_size=2'], { pp: 2 }],
    ['llama-cpp', ['--n-cpu-moe', '12'], { hostExpertLayers: 12 }],
    ['llama-cpp', ['-ncmoe', '12'], { hostExpertLayers: 12 }],
    ['llama-cpp', ['--n-gpu-layers', '10'], { gpuLayers: 10 }],
    ['llama-cpp', ['-ngl', 'all'], {}],
    ['llama-cpp', ['--flash-attn', 'off', '-kvu'], { flashAttention: false, unifiedKv: true }],
    ['llama-cpp', ['-fa', 'auto'], {}],
  ])('%s %j', (id, items, request) => {
    expect(asked(id, items)).toMatchObject({ request, uncounted: [] })
    expect(Object.keys(asked(id, items).request)).toEqual(Object.keys(request))
  })

  test.each<[EngineId, Record<string, string>, object]>([
    ['llama-cpp', { LLAMA_ARG_N_CPU_MOE: '3' }, { hostExpertLayers: 3 }],
    ['llama-cpp', { LLAMA_ARG_CPU_MOE: '0' }, {}],
    ['ollama', { OLLAMA_FLASH_ATTENTION: '0' }, { flashAttention: false }],
  ])('%s with variables %j', (id, environment, request) => {
    expect(asked(id, [], environment)).toMatchObject({ request, uncounted: [] })
    expect(Object.keys(asked(id, [], environment).request)).toEqual(Object.keys(request))
  })

  test.each<[EngineId, string[], string, string]>([
    ['vllm', ['--speculative-config', '{"method":"eagle"}'], '--speculative-config', 'more'],
    ['vllm', ['--speculative-config.method', 'eagle'], '--speculative-config.method', 'more'],
    ['vllm', ['--enable-dbo'], '--enable-dbo', 'more'],
    ['vllm', ['--limit-mm-per-prompt', '{"image":2}'], '--limit-mm-per-prompt', 'either'],
    ['vllm', ['--limit-mm-per-prompt', 'image=,video=0'], '--limit-mm-per-prompt', 'either'],
    ['vllm', ['--kv-cache-memory-bytes', '1G'], '--kv-cache-memory-bytes', 'either'],
    ['vllm', ['--data-parallel-size-local', '1'], '--data-parallel-size-local', 'either'],
    ['vllm', ['--offload-group-size', '8'], '--offload-group-size', 'less'],
    ['vllm', ['--config', '/models/x.yaml'], '--config', 'either'],
    ['vllm', ['-pp', 'two'], '-pp', 'either'],
    ['sglang', ['--enable-dp-attention'], '--enable-dp-attention', 'either'],
    ['sglang', ['--chunked-prefill-size', '-1'], '--chunked-prefill-size', 'either'],
    ['tensorrt-llm', ['--extra_llm_api_options', '/x.yaml'], '--extra_llm_api_options', 'either'],
    ['tgi', ['--speculate', '3'], '--speculate', 'more'],
    ['llama-cpp', ['-ot', 'exps=CPU'], '-ot', 'either'],
    ['llama-cpp', ['-ngl', 'auto'], '-ngl', 'either'],
    ['llama-cpp', ['--no-kv-offload'], '--no-kv-offload', 'less'],
  ])('%s %j is named as not counted', (id, items, flag, effect) => {
    expect(asked(id, items)).toMatchObject({ request: {}, uncounted: [{ flag, effect }] })
  })
})

interface Case {
  model: ModelName
  gpu: string
  count?: number
  items?: string[]
  change?: (recipe: Recipe) => void
}

function planned(id: EngineId, { model, gpu, count = 1, items = [], change }: Case) {
  const recipe = recipeFor(id, (draft) => {
    draft.engine.device = 'cuda'
    draft.target = { gpu, count }
    draft.serving.contextLength = 2048
    draft.serving.parallelism = 1
    draft.serving.dtype = 'auto'
    delete draft.serving.quantization
    delete draft.serving.sharedMemory
    draft.serving.extraArguments = items
    draft.serving.environment = {}
    change?.(draft)
  })
  return planImage(recipe, { ...lockFor(recipe), model: factsOf(model) })
}

describe('pipeline stages, copies and offload', () => {
  const onTwo = { model: 'deepseek-coder-6.7b', gpu: 'rtx-3060', count: 2 } as const

  test('two stages of one model fit where one GPU does not', () => {
    expect(() => planned('vllm', onTwo)).toThrow('does not fit')
    const plan = planned('vllm', { ...onTwo, items: ['--pipeline-parallel-size', '2'] })
    expect(plan.memory).toMatchObject({ outcome: 'planned', fits: true, gpuCount: 2 })
    expect(plan.memory?.warnings).toContain('counted from the command line: --pipeline-parallel-size 2')
    expect(plan.requires?.gpus).toBe(2)
  })

  test.each<[EngineId, string[]]>([
    ['vllm', ['-pp', '4']],
    ['vllm', ['-dp', '4']],
    ['sglang', ['--pp-size', '2', '--dp-size', '2']],
    ['tensorrt-llm', ['--pp_size', '4']],
  ])('%s %j needs four GPUs', (id, items) => {
    const asked = (count: number) => planned(id, { model: 'llama-3.1-8b', gpu: 'h100', count, items })
    expect(() => asked(2)).toThrow(/need 4 GPUs, and target.count is 2/)
    expect(asked(4).requires?.gpus).toBe(4)
  })

  test('weights that move to the host leave room', () => {
    expect(() => planned('vllm', { ...onTwo, count: 1 })).toThrow('does not fit')
    const plan = planned('vllm', { ...onTwo, count: 1, items: ['--cpu-offload-gb', '6'] })
    expect(plan.memory).toMatchObject({ outcome: 'planned', fits: true })
  })

  test('experts in the memory of the host: as many as the line says', () => {
    const whole = { model: 'gpt-oss-20b', gpu: 'rtx-4060' } as const
    expect(() => planned('llama-cpp', whole)).toThrow('does not fit')
    const bytes = (items: string[]) => {
      const { memory } = planned('llama-cpp', { ...whole, items })
      return memory?.outcome === 'planned' ? memory.weightsBytes : Number.NaN
    }
    const all = bytes(['--cpu-moe'])
    expect(all).toBeLessThan(4 * GiB)
    expect(bytes(['-ncmoe', '24'])).toBe(all)
    expect(bytes(['-ncmoe', '20'])).toBeGreaterThan(all)
    expect(() => planned('llama-cpp', { ...whole, items: ['-ncmoe', '1'] })).toThrow('does not fit')
  })

  test('layers on the host take their weights and their cache along', () => {
    const whole = { model: 'llama-3.1-8b', gpu: 'rtx-4060' } as const
    const plan = (layers: string) => planned('llama-cpp', { ...whole, items: ['-ngl', layers] })
    expect(() => planned('llama-cpp', whole)).toThrow('does not fit')
    expect(() => plan('999')).toThrow('does not fit')
    const half = plan('8')
    expect(half.memory).toMatchObject({ outcome: 'planned', fits: true })
    expect(half.config.Entrypoint?.filter((part) => part === '--n-gpu-layers' || part === '-ngl')).toEqual([
      '-ngl',
    ])
    const { cpuLines, gpuLines } = half.verify.behaviour.gpu ?? { cpuLines: [], gpuLines: [] }
    const matches = (patterns: readonly string[], line: string) =>
      patterns.some((pattern) => new RegExp(pattern).test(line))
    expect(matches(gpuLines, 'load_tensors: offloaded 8/33 layers to GPU')).toBe(true)
    expect(matches(cpuLines, 'load_tensors: offloaded 8/33 layers to GPU')).toBe(false)
    expect(matches(cpuLines, 'load_tensors: offloaded 0/33 layers to GPU')).toBe(true)
    expect(matches(cpuLines, 'load_tensors: offloaded 7/7 layers to GPU')).toBe(false)
  })
})

describe('what the planner cannot count', () => {
  const small = { model: 'deepseek-coder-6.7b', gpu: 'rtx-3060' } as const
  const large = { model: 'deepseek-coder-6.7b', gpu: 'h100' } as const

  test('a flag that frees memory makes a misfit uncertain, and is named', () => {
    const { memory, config } = planned('vllm', { ...small, items: ['--offload-group-size', '8'] })
    expect(memory).toMatchObject({ outcome: 'cannot-tell', fits: null })
    expect(memory?.verdict).toMatch(/^cannot tell: --offload-group-size .*does not fit/)
    expect(config.Labels?.['dev.ingot.memory.fits']).toBe('unknown')
  })

  test('a flag that takes memory leaves a misfit a misfit, and makes a fit uncertain', () => {
    expect(() => planned('vllm', { ...small, items: ['--enable-dbo'] })).toThrow('does not fit')
    const { memory, config } = planned('vllm', { ...large, items: ['--enable-dbo'] })
    expect(memory).toMatchObject({ outcome: 'planned', fits: true, certain: false })
    expect(memory?.verdict).toContain('not counted: --enable-dbo')
    expect(config.Labels?.['dev.ingot.memory.fits']).toBe('unknown')
  })

  test('a flag that frees memory leaves a fit a fit', () => {
    const { memory } = planned('vllm', { ...large, items: ['--skip-mm-profiling'] })
    expect(memory).toMatchObject({ outcome: 'planned', fits: true, certain: true })
  })

  test('a quantisation at load whose bits are not known is no reason to refuse', () => {
    const { memory } = planned('vllm', {
      ...small,
      change: ({ serving }) => Object.assign(serving, { quantization: 'torchao' }),
    })
    expect(memory?.verdict).toMatch(/^cannot tell: serving.quantization torchao/)
  })

  test('experts of several copies may be spread over them', () => {
    const { memory } = planned('sglang', {
      model: 'gpt-oss-120b',
      gpu: 'a100-40gb',
      count: 2,
      items: ['--dp', '2'],
    })
    expect(memory?.verdict).toMatch(/^cannot tell: data parallel/)
  })

  test('vLLM spreads them, which is counted', () => {
    const { memory } = planned('vllm', {
      model: 'gpt-oss-120b',
      gpu: 'a100-40gb',
      count: 4,
      items: ['-dp', '4'],
    })
    expect(memory).toMatchObject({ outcome: 'planned', fits: true, gpuCount: 4 })
  })
})

describe('target.fit', () => {
  const misfit = { model: 'deepseek-coder-6.7b', gpu: 'rtx-3060' } as const

  test('refuses by default and says how to overrule it', () => {
    expect(() => planned('vllm', misfit)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('set target.fit to warn') }),
    )
  })

  test('goes on with `warn`, with the verdict in the plan and the label', () => {
    const plan = planned('vllm', {
      ...misfit,
      change: ({ target }) => Object.assign(target, { fit: 'warn' }),
    })
    expect(plan.memory).toMatchObject({ outcome: 'planned', fits: false, certain: true })
    expect(plan.memory?.warnings.join()).toContain('target.fit is `warn`')
    expect(plan.config.Labels?.['dev.ingot.memory.fits']).toBe('false')
    expect(plan.predictedMemory?.overruled).toMatch(/does not fit/)
  })
})
