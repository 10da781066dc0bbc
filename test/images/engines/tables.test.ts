import { describe, expect, test } from 'vitest'
import { engineOf } from '../../../images/engines/engines.ts'
import { argumentProblems } from '../../../images/engines/reserved-flags.ts'
import { planImage } from '../../../images/plan/plan.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { factsOf } from '../memory/models.ts'
import { lockFor, recipeFor } from './fixtures.ts'

const GiB = 1024 ** 3

interface Case {
  version?: string
  gpu?: string
  count?: number
  names?: string[]
  gptOss?: boolean
  serving?: Partial<Recipe['serving']>
}

const base = ['config.json', 'model.safetensors', 'tokenizer.json']

function planned(id: EngineId, { version, gpu = 'b200', count = 1, names, gptOss = false, serving }: Case) {
  const recipe = recipeFor(id, (draft) => {
    draft.engine.device = 'cuda'
    draft.target = { gpu, count }
    delete draft.serving.sharedMemory
    if (id !== 'ollama') delete draft.serving.quantization
    Object.assign(draft.serving, { dtype: 'auto', contextLength: 4096, ...serving })
  })
  const lock = lockFor(recipe, names ?? (engineOf(id).formats.includes('gguf') ? undefined : base))
  return planImage(recipe, {
    ...lock,
    engine: { id, version: version ?? lock.engine.version },
    ...(gptOss && { model: factsOf('gpt-oss-20b') }),
  })
}

describe('quantisations by version', () => {
  const at = (id: EngineId, version: string, quantization: string) =>
    planned(id, { version, serving: { quantization } })

  test.each<[EngineId, string, string]>([
    ...['torchao', 'moe_wna16', 'mxfp8', 'fp8_per_block', 'quark', 'online', 'modelopt_mixed', 'FP8'].map(
      (name): [EngineId, string, string] => ['vllm', '0.33.0', name],
    ),
    ['vllm', '0.20.0', 'bitsandbytes'],
    ['vllm', '0.20.0', 'gguf'],
    ...['w4afp8', 'modelopt_fp8', 'moe_wna16', 'auto-round', 'quark', 'bitsandbytes'].map(
      (name): [EngineId, string, string] => ['sglang', '0.5.23', name],
    ),
    ['sglang', '0.5.19', 'marlin'],
    // Every list has it, so the versions between them do.
    ['vllm', '0.99.0', 'awq'],
  ])('%s %s takes %s', (id, version, name) => {
    const plan = at(id, version, name)
    expect(plan.config.Entrypoint).toContain(name.toLowerCase())
    expect(plan.doubts).toBeUndefined()
  })

  test.each<[EngineId, string, string, RegExp]>([
    ['vllm', '0.33.0', 'bitsandbytes', /not a quantisation of vLLM 0\.33\.0/],
    ['vllm', '0.33.0', 'gguf', /not a quantisation of vLLM 0\.33\.0/],
    ['vllm', '0.33.0', 'w4afp8', /not a quantisation of vLLM 0\.33\.0/],
    ['vllm', '0.20.0', 'fp8_per_channel', /not a quantisation of vLLM 0\.20\.0/],
    ['sglang', '0.5.23', 'marlin', /not a quantisation of SGLang 0\.5\.23/],
    ['sglang', '0.5.23', 'torchao', /not a quantisation of SGLang 0\.5\.23/],
    ['tgi', '3.3.7', 'mxfp8', /not a quantisation of/],
  ])('%s %s lacks %s, and the refusal lists what it has', (id, version, name, words) => {
    const refused = () => at(id, version, name)
    expect(refused).toThrow(words)
    expect(refused).toThrow(expect.objectContaining({ hint: expect.stringMatching(/It has .*awq, .*fp8/) }))
  })

  test('a slip is answered with the name that is meant', () => {
    expect(() => at('vllm', '0.33.0', 'gtpq')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('did you mean "gptq"?') }),
    )
  })

  test.each<[EngineId, string, string]>([
    ['vllm', '0.40.0', 'brand_new'],
    ['vllm', '0.19.1', 'bitsandbytes'],
    ['sglang', '0.6.0', 'marlin'],
  ])('%s %s, whose list was not read, gets %s with a warning in the plan', (id, version, name) => {
    const plan = at(id, version, name)
    expect(plan.config.Entrypoint).toContain(name)
    expect(plan.doubts).toEqual([expect.stringMatching(`whether .* ${version} takes "${name}" is not known`)])
  })
})

describe('shared memory', () => {
  const tp = (tensorParallel: number, sharedMemory?: number): Case => ({
    count: tensorParallel,
    gptOss: true,
    serving: { tensorParallel, ...(sharedMemory !== undefined && { sharedMemory }) },
  })

  test.each<[EngineId, number, number]>([
    ['vllm', 1, 64 * 1024 ** 2],
    ['vllm', 2, 2 * GiB],
    ['vllm', 4, 4 * GiB],
    ['sglang', 2, 32 * GiB],
    ['tgi', 2, 2 * GiB],
    ['tgi', 8, 8 * GiB],
    ['llama-cpp', 2, 64 * 1024 ** 2],
    ['ollama', 2, 64 * 1024 ** 2],
  ])('%s on %i GPUs has %i bytes where the recipe says nothing', (id, gpus, sizeBytes) => {
    expect(planned(id, tp(gpus)).sharedMemoryBytes).toBe(sizeBytes)
  })

  test('follows pipeline stages of the command line too', () => {
    const plan = planned('vllm', { count: 2, serving: { extraArguments: ['-pp', '2'] } })
    expect(plan.sharedMemoryBytes).toBe(2 * GiB)
  })

  test.each<[EngineId]>([['vllm'], ['sglang'], ['tgi']])('%s refuses what is surely too little', (id) => {
    expect(() => planned(id, tp(2, 64 * 1024 ** 2))).toThrow(/serving\.sharedMemory: 67\.1 MB for 2 GPUs/)
    expect(planned(id, tp(2, GiB)).sharedMemoryBytes).toBe(GiB)
    expect(planned(id, tp(1, 1024 ** 2)).sharedMemoryBytes).toBe(1024 ** 2)
  })
})

describe('gpt-oss without a network', () => {
  const vocabulary = [...base, 'o200k_base.tiktoken']

  test('vLLM carries the vocabulary', () => {
    expect(planned('vllm', { gptOss: true }).doubts).toBeUndefined()
  })

  test('TensorRT-LLM is refused without it', () => {
    expect(() => planned('tensorrt-llm', { gptOss: true })).toThrow(/vocabulary that openai-harmony fetches/)
  })

  test('SGLang answers chats and warns of its Responses API', () => {
    expect(planned('sglang', { gptOss: true }).doubts).toEqual([
      expect.stringMatching(/\/v1\/responses.*o200k_base/),
    ])
  })

  test.each<[EngineId]>([['sglang'], ['tensorrt-llm']])('%s finds it beside the weights', (id) => {
    const plan = planned(id, { gptOss: true, names: vocabulary })
    expect(plan.doubts).toBeUndefined()
    expect(plan.config.Env).toContain(`TIKTOKEN_ENCODINGS_BASE=${plan.weights.modelFolder}`)
  })

  test.each<[EngineId]>([['sglang'], ['tensorrt-llm']])(
    '%s believes a recipe that names its folder',
    (id) => {
      const plan = planned(id, {
        gptOss: true,
        serving: { environment: { TIKTOKEN_RS_CACHE_DIR: '/data/harmony' } },
      })
      expect(plan.doubts).toBeUndefined()
    },
  )

  test('other models need none', () => {
    expect(planned('tensorrt-llm', {}).doubts).toBeUndefined()
  })
})

test.each([
  ['--kv-cache-dtype', 'serving.kvCacheDtype'],
  ['--max-model-len', 'serving.contextLength'],
  ['--gpu-memory-utilization', 'serving.gpuMemoryUtilization'],
  ['--device-memory-utilization', 'serving.gpuMemoryUtilization'],
  ['--tensor-parallel-size', 'serving.tensorParallel'],
  ['--max-num-batched-tokens', 'serving.maxPrefillTokens'],
  ['--port', 'serving.port'],
])('%s beside the keys is refused with %s', (flag, key) => {
  expect(argumentProblems([flag, '1'], engineOf('vllm').reserved, 'cuda')).toMatchObject([
    { index: 0, hint: expect.stringContaining(key) },
  ])
})
