import { describe, expect, test } from 'vitest'
import { engineOf } from '../../../images/engines/engines.ts'
import { argumentProblems } from '../../../images/engines/reserved-flags.ts'
import { reservedVariable } from '../../../images/engines/reserved-variables.ts'
import { planImage } from '../../../images/plan/plan.ts'
import { reservedLabel } from '../../../images/plan/reserved-labels.ts'
import { type EngineId, engineIds } from '../../../recipes/engine-ids.ts'
import type { Recipe } from '../../../recipes/recipe.ts'
import { deploymentFor, lockFor, recipeFor } from '../engines/fixtures.ts'
import { columnOf, judged, recipeWith } from './judged.ts'

/** Every key of `serving` that may become a flag, set to something that is no default. */
const everything: Partial<Recipe['serving']> = {
  contextLength: 1024,
  parallelism: 4,
  dtype: 'bfloat16',
  quantization: 'fp8',
  kvCacheDtype: 'fp8',
  tensorParallel: 2,
  gpuMemoryUtilization: 0.8,
  maxInputTokens: 512,
  maxPrefillTokens: 2048,
  port: 9090,
}

describe.each(engineIds)('%s', (id) => {
  const engine = engineOf(id)
  const isFlag = (part: string) => /^--?[A-Za-z]/.test(part)
  const deployments = engine.runtimes.map((runtime) => {
    const recipe = recipeFor(id, ({ serving }) => void Object.assign(serving, everything))
    recipe.engine.device = runtime.device
    return { ...deploymentFor(recipe), runtime }
  })

  test('refuses every flag that its command line has, and says what to use instead', () => {
    expect(deployments.length).toBeGreaterThan(0)
    for (const deployment of deployments) {
      const [, ...parts] = engine.command(deployment)
      const { device } = deployment.runtime
      // A flag that the planner reads is the recipe's own where it stands there, and then not written by ingot.
      const read = engine.memoryFlags.flatMap(({ names }) => names)
      for (const flag of parts.filter(isFlag).filter((part) => part !== '-m' && !read.includes(part)))
        expect([flag, argumentProblems([flag], engine.reserved, device)]).toMatchObject([
          flag,
          [{ index: 0, hint: expect.stringMatching(/.{10}/) }],
        ])
    }
  })

  test('refuses every variable of its image, or the variable is known to be free', () => {
    for (const deployment of deployments) {
      const lock = lockFor(deployment.recipe)
      const names = Object.keys(engine.environment(deployment))
      const all = planImage(recipeFor(id), lockFor(recipeFor(id))).config.Env?.map(
        (line) => line.split('=')[0] ?? '',
      )
      expect(lock.engine.id).toBe(id)
      for (const name of [...names, ...(all ?? [])])
        if (!free.has(name))
          expect([name, reservedVariable(name, 'other', engine.reserved)]).not.toContain(undefined)
    }
  })

  test('refuses every label of its image', () => {
    for (const delivery of ['baked', 'mounted'] as const) {
      const recipe = recipeFor(id, ({ weights, model }) => {
        weights.delivery = delivery
        model.license = 'apache-2.0'
      })
      for (const label of Object.keys(planImage(recipe, lockFor(recipe)).config.Labels ?? {}))
        expect([label, reservedLabel(label)]).not.toContain(undefined)
    }
  })
})

/** Set by an image and free for a recipe: none of them is a promise. */
const free = new Set([
  'LANG',
  'NVIDIA_VISIBLE_DEVICES',
  'NVIDIA_DRIVER_CAPABILITIES',
  // Without what 4 adds the boot on a GPU fails in words.
  'LLAMA_ARG_LOG_VERBOSITY',
  'CUDA_VERSION',
  'CUDA_CACHE_PATH',
  'CUDA_HOME',
  'HF_HOME',
  'XDG_CACHE_HOME',
  'XDG_CONFIG_HOME',
  'TRITON_CACHE_DIR',
  'TORCHINDUCTOR_CACHE_DIR',
  'TORCH_EXTENSIONS_DIR',
  'NUMBA_CACHE_DIR',
  'FLASHINFER_WORKSPACE_BASE',
  'DG_JIT_CACHE_DIR',
  'TIKTOKEN_CACHE_DIR',
  'MPLCONFIGDIR',
  'CCACHE_DIR',
  'PYTHONDONTWRITEBYTECODE',
  'PYTHONUNBUFFERED',
  'VLLM_CACHE_ROOT',
  'VLLM_CONFIG_ROOT',
  'VLLM_CPU_KVCACHE_SPACE',
  'VLLM_CPU_OMP_THREADS_BIND',
  'SGLANG_CACHE_DIR',
  'SGLANG_DG_CACHE_DIR',
  'HUGGINGFACE_HUB_CACHE',
  'HF_KERNELS_CACHE',
  'EXLLAMA_NO_FLASH_ATTN',
  'OMPI_MCA_orte_tmpdir_base',
  'LLAMA_CACHE',
  'OLLAMA_KEEP_ALIVE',
  'OLLAMA_MAX_LOADED_MODELS',
  'OLLAMA_FLASH_ATTENTION',
])

test.each<[EngineId, string[], number, string]>([
  ['llama-cpp', ['--host', '127.0.0.1'], 0, 'every interface'],
  ['llama-cpp', ['-a', 'other'], 0, 'model.name'],
  ['llama-cpp', ['--threads', '2', '-c', '512'], 2, 'serving.contextLength'],
  ['llama-cpp', ['--ctx_size', '512'], 0, 'serving.contextLength'],
  ['llama-cpp', ['-m', '/other.gguf'], 0, 'weights.source'],
  ['llama-cpp', ['-hf', 'acme/other'], 0, 'weights.source'],
  ['llama-cpp', ['--threads 2'], 0, 'two items: "--threads" and its value "2"'],
  ['llama-cpp', [' --threads', '2'], 0, 'write "--threads"'],
  ['llama-cpp', ['--threads\t2'], 0, 'two items'],
  ['llama-cpp', ['--threads=2'], 0, 'two items: "--threads" and its value "2"'],
  ['llama-cpp', ['--api-prefix', '/llm'], 0, 'in front of the server'],
  ['llama-cpp', ['--ssl-cert-file', '/c.pem'], 0, 'ends TLS'],
  ['vllm', ['--ssl-certfile', '/c.pem'], 0, 'ends TLS'],
  ['vllm', ['--headless'], 0, 'one server with its interface'],
  ['sglang', ['--ssl-keyfile=/k.pem'], 0, 'ends TLS'],
  ['sglang', ['--disaggregation-mode', 'prefill'], 0, 'one server'],
  ['sglang', ['--grpc-mode'], 0, 'one server with its interface'],
  ['vllm', ['--host=127.0.0.1'], 0, 'every interface'],
  ['vllm', ['--port=81'], 0, 'serving.port'],
  ['vllm', ['--served_model_name', 'x'], 0, 'model.name'],
  ['vllm', ['--max-model-l', '9'], 0, 'serving.contextLength'],
  ['vllm', ['-tp', '2'], 0, 'serving.tensorParallel'],
  ['vllm', ['-qawq'], 0, 'serving.quantization'],
  ['vllm', ['--uds', '/tmp/x'], 0, 'every interface'],
  ['vllm', ['--enforce-eager'], 0, 'set already'],
  ['sglang', ['--mem-fraction-static=0.5'], 0, 'serving.gpuMemoryUtilization'],
  ['sglang', ['--model', '/x'], 0, 'weights.source'],
  ['sglang', ['--config', '/x.yaml'], 0, 'stands in a file'],
  ['vllm', ['--config=/x.yaml'], 0, 'stands in a file'],
  ['tgi', ['-p', '80'], 0, 'serving.port'],
  ['tgi', ['-p80'], 0, 'serving.port'],
  ['tgi', ['--hostname', '::1'], 0, 'every interface'],
  ['tensorrt-llm', ['--served-model-name', 'x'], 0, 'model.name'],
  ['tensorrt-llm', ['--kv_cache_free_gpu_memory_fraction', '0.5'], 0, 'serving.gpuMemoryUtilization'],
  ['ollama', ['--verbose'], 0, 'serving.environment'],
])('%s: extraArguments %j are refused at item %i: %s', (id, items, index, hint) => {
  const list = items.map((item) => `    - ${JSON.stringify(item)}`).join('\n')
  const text = recipeWith(id, 'serving', `  extraArguments:\n${list}`)
  expect(judged(text).problems).toMatchObject([
    {
      path: `serving.extraArguments.${index}`,
      ...columnOf(text, JSON.stringify(items[index])),
      hint: expect.stringContaining(hint),
    },
  ])
})

test.each<[EngineId, string[]]>([
  ['llama-cpp', ['--threads', '2', '--cache-reuse', '256', '-ctxcp', '4', '-b', '512', '--jinja']],
  ['llama-cpp', ['-ngl', '0', '--chat-template-kwargs', '{"a=b": 1}']],
  ['vllm', ['--enable-auto-tool-choice', '--tool-call-parser', 'hermes', '-O3', '--max-log-len', '5']],
  ['vllm', ['--config-format', 'hf']],
  ['vllm', ['--override-generation-config={"temperature": 0.5}', '--chat-template', '/a b.jinja']],
  ['vllm', ['--enable-lora', '--lora-modules', 'sql=/models/acme-x/adapters/sql']],
  ['sglang', ['--chunked-prefill-size', '-1', '--tool-call-parser', 'qwen']],
  ['tgi', ['--json-output', '--max-concurrent-requests', '64']],
  ['tensorrt-llm', ['--extra_llm_api_options', '/etc/llm.yaml', '--num_postprocess_workers', '2']],
])('%s takes the arguments %j', (id, items) => {
  const list = items.map((item) => `    - ${JSON.stringify(item)}`).join('\n')
  expect(judged(recipeWith(id, 'serving', `  extraArguments:\n${list}`)).problems).toEqual([])
})

test.each<[EngineId, string, string, string]>([
  ['llama-cpp', 'HOME', '/root', 'any user'],
  ['llama-cpp', 'PATH', '/evil', 'image.base'],
  ['llama-cpp', 'LD_PRELOAD', '/evil.so', 'image.base'],
  ['llama-cpp', 'LD_LIBRARY_PATH', '/evil', 'image.base'],
  ['llama-cpp', 'LD_AUDIT', '/evil.so', 'image.base'],
  ['vllm', 'PYTHONPATH', '/evil', 'image.base'],
  ['vllm', 'PYTHONHOME', '/evil', 'image.base'],
  ['vllm', 'HF_HUB_OFFLINE', '0', 'offline'],
  ['vllm', 'TRANSFORMERS_OFFLINE', '0', 'offline'],
  ['vllm', 'HF_DATASETS_OFFLINE', '0', 'offline'],
  ['vllm', 'DO_NOT_TRACK', '0', 'offline'],
  ['vllm', 'VLLM_NO_USAGE_STATS', '0', 'offline'],
  ['vllm', 'VLLM_PORT', '9', 'serving.port'],
  ['tgi', 'USAGE_STATS', 'on', 'offline'],
  ['tgi', 'MAX_TOTAL_TOKENS', '9', 'serving.contextLength'],
  ['tgi', 'PORT', '9', 'serving.port'],
  ['tgi', 'HOSTNAME', '::1', 'every interface'],
  ['sglang', 'HOST', '127.0.0.1', 'every interface'],
  ['llama-cpp', 'GGML_BACKEND_PATH', '/models/x.so', 'image.base'],
  ['vllm', 'TMPDIR', '/var/tmp', 'leave it out'],
  ['ollama', 'OLLAMA_HOST', '127.0.0.1', 'serving.port'],
  ['ollama', 'OLLAMA_MODELS', '/x', 'weights.source'],
  ['llama-cpp', 'LLAMA_ARG_HOST', '127.0.0.1', 'every interface'],
  ['llama-cpp', 'LLAMA_ARG_PORT', '1', 'serving.port'],
  ['llama-cpp', 'INGOT_WEIGHTS_CHECK', 'off', 'starts the container'],
])('%s: the variable %s=%s is refused: %s', (id, name, value, hint) => {
  const text = recipeWith(id, 'serving', `  environment:\n    ${name}: ${JSON.stringify(value)}`)
  expect(judged(text).problems).toMatchObject([
    {
      path: `serving.environment.${name}`,
      ...columnOf(text, `${name}:`),
      message: expect.stringContaining(name),
      hint: expect.stringContaining(hint),
    },
  ])
})

test('variables that ask for nothing else than the image does are free, and so are settings of the engine', () => {
  const lines = [
    'HF_HUB_OFFLINE: "1"',
    'HOME: /tmp',
    'OMP_WAIT_POLICY: passive',
    'VLLM_CPU_KVCACHE_SPACE: "4"',
  ]
  const text = recipeWith(
    'vllm',
    'serving',
    `  environment:\n${lines.map((line) => `    ${line}`).join('\n')}`,
  )
  expect(judged(text).problems).toEqual([])
})

test.each(['0GB', '1B', '999kB'])('a largest layer of %s is refused at its place', (size) => {
  const text = recipeWith('llama-cpp', 'image', `  registry: ${size}`)
  expect(judged(text).problems).toMatchObject([{ path: 'image.registry', ...columnOf(text, size) }])
})
