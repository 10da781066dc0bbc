import semver from 'semver'
import type { Behaviour, HttpProbe, JsonCheck } from '../../boot/probe.ts'
import type { SlimRule } from '../../slim-rules/slimming.ts'
import { answered, type BadInputTable, measured, nestedError } from '../bad-input.ts'
import type { Deployment, EngineDefinition, EngineRuntime, Refusal } from '../engine.ts'
import { gpuEnvironment, gpuRefusals } from '../gpu-support.ts'
import { nativeProbe, textProbe } from '../openai-probes.ts'
import { openAiBehaviour, usualRefusals, versionProbe } from '../openai-server.ts'
import { formatRefusals, quantizationRefusals } from '../refusals.ts'
import { unsupportedKeys } from '../serving-keys.ts'
import { ollamaReserved } from './reserved.ts'
import { templateRefusals } from './weights.ts'

/** One image has a folder of libraries for every kind of GPU; one is kept. */
function otherBackends(kept: 'cuda_v13' | 'cuda_v12' | 'none'): SlimRule {
  const all = ['cuda_v12', 'cuda_v13', 'vulkan', 'mlx_cuda_v13', 'rocm']
  const folders = all.filter((name) => name !== kept).join(',')
  return {
    id: 'other-gpus',
    risk: 'feature',
    paths: [`/usr/lib/ollama/{${folders}}/**`],
    reason: `libraries for other GPUs than this image is for (${kept === 'none' ? 'CPU' : kept})`,
  }
}

function image(device: EngineRuntime['device'], kept: 'cuda_v13' | 'cuda_v12' | 'none'): EngineRuntime {
  const minDriver = kept === 'cuda_v13' ? '580' : '550'
  const minCapability = kept === 'cuda_v13' ? 7.5 : 5.0
  return {
    kind: 'upstream',
    device,
    version: '0.32.15',
    source: {
      type: 'upstream',
      base: 'ollama/ollama:0.32.15',
      versionCommand: ['/bin/ollama', '--version'],
    },
    ...(device === 'cuda'
      ? { gpu: { cuda: kept === 'cuda_v13' ? '13.0' : '12.8', minCapability, minDriver } }
      : {}),
    slimming: { rules: [otherBackends(kept)] },
  }
}

/** Where the recipe names none. */
const usualContextLength = 4096

/** Ollama, from its image. The weights' delivery writes its store, so neither `pull` nor `create` is needed. */
export const ollama = {
  id: 'ollama',
  title: 'Ollama',
  port: 11434,
  formats: ['gguf'],
  shell: 'it stays from the official image; the server starts none',
  runtimes: [image('cpu', 'none'), image('cuda', 'cuda_v13'), image('cuda', 'cuda_v12')],
  /** `ollama version is 0.17.4`, or `client version is …` where no server runs. */
  versionOf: (text) => semver.coerce(/version is (\S+)/.exec(text)?.[1] ?? text)?.version ?? null,
  refusals,
  command: () => ['/bin/ollama', 'serve'],
  environment,
  reserved: ollamaReserved,
  enginePaths: ['/usr/bin/ollama', '/bin/ollama', '/usr/lib/ollama/**', '/lib/ollama/**'],
  behaviour,
} satisfies EngineDefinition

function refusals(deployment: Deployment): Refusal[] {
  const { recipe } = deployment
  return [
    ...formatRefusals(deployment, ollama.title, ollama.formats),
    ...gpuRefusals(deployment, null),
    ...unsupportedKeys(deployment, {
      dtype: 'the types of a GGUF are fixed in the file; leave dtype at auto',
      gpuMemoryUtilization:
        'Ollama takes what the model needs; environment OLLAMA_GPU_OVERHEAD keeps bytes free',
      maxInputTokens: 'Ollama limits prompt and answer together: use contextLength',
      maxPrefillTokens: 'Ollama has no server-wide setting for it; clients send num_batch',
    }),
    ...(recipe.weights.delivery === 'hf-cache'
      ? [
          {
            path: 'weights.delivery',
            found: 'hf-cache: Ollama reads a store of its own',
            hint: 'use baked, or mounted with a store that `ollama pull` has made',
          },
        ]
      : []),
    ...(recipe.serving.extraArguments.length > 0
      ? [
          {
            path: 'serving.extraArguments',
            found: '`ollama serve` takes no arguments',
            hint: 'its settings are variables: use serving.environment',
          },
        ]
      : []),
    ...quantizationRefusals(deployment),
    ...templateRefusals(deployment),
  ]
}

function environment({ recipe, runtime, modelFolder, port }: Deployment): Record<string, string> {
  const { serving } = recipe
  return {
    ...gpuEnvironment(runtime.device),
    OLLAMA_HOST: `0.0.0.0:${port}`,
    OLLAMA_MODELS: modelFolder,
    // Pruning removes empty folders, and one it may not remove ends the server.
    OLLAMA_NOPRUNE: '1',
    // No look-up of recommended models, no telemetry.
    OLLAMA_NO_CLOUD: '1',
    OLLAMA_KEEP_ALIVE: '-1',
    OLLAMA_MAX_LOADED_MODELS: '1',
    OLLAMA_NUM_PARALLEL: String(serving.parallelism),
    // Its own default follows the GPU's memory, from 4096 to 262144: answers would differ by machine.
    OLLAMA_CONTEXT_LENGTH: String(serving.contextLength ?? usualContextLength),
    ...(serving.kvCacheDtype === undefined
      ? {}
      : { OLLAMA_KV_CACHE_TYPE: serving.kvCacheDtype, OLLAMA_FLASH_ATTENTION: '1' }),
    ...(serving.tensorParallel > 1 ? { OLLAMA_SCHED_SPREAD: '1' } : {}),
  }
}

function behaviour(deployment: Deployment): Behaviour {
  const model = deployment.recipe.model.name
  const listed = model.includes(':') ? model : `${model}:latest`
  return openAiBehaviour(deployment, {
    listed,
    contextLength: usualContextLength,
    pages: [
      textProbe({ id: 'root', group: 'native', title: 'the first page says it runs', path: '/' }, [
        'Ollama is running',
      ]),
      versionProbe('/api/version'),
      tags(listed),
    ],
    native: [
      generate(model),
      nativeStream(model),
      loaded(listed, 'loaded', 'the model is loaded', { at: 'models.0.size', rule: 'positive' }),
    ],
    badInput,
    failureLines: ['Error: listen', 'Error: could not create directory', 'Error: open '],
    gpu: {
      cpuLines: [],
      gpuLines: [],
      // It is 0 when the model fell back to the CPU, which Ollama does without an error, and less than `size` when a part
      // of it did: `ollama ps` reads the same two numbers.
      probes: [
        loaded(listed, 'loaded-on-gpu', 'the whole model is in GPU memory', {
          at: 'models.0.size_vram',
          rule: 'same',
          as: 'models.0.size',
        }),
      ],
    },
    // The listener closes without waiting for answers under way.
    stop: { signal: 'SIGTERM', timeoutSeconds: 15, exitCodes: [0] },
  })
}

/** Measured with 0.17.4 and 0.32.15 on a CPU. */
const badInput: BadInputTable = {
  ...usualRefusals(measured, nestedError),
  'unknown-model': measured(404, nestedError),
  // Cut to the context without a word.
  'prompt-too-long': measured(200, answered),
  'negative-max-tokens': {
    type: 'not-asked',
    reason: 'it means no limit here: the answer ends at ten times the context',
  },
}

function tags(listed: string): HttpProbe {
  return nativeProbe(
    { id: 'tags', title: 'the store holds the model', request: { method: 'GET', path: '/api/tags' } },
    [{ at: 'models.*.name', rule: 'has', value: listed }],
  )
}

function generate(model: string): HttpProbe {
  const body = {
    model,
    prompt: 'The capital of France is',
    stream: false,
    options: { num_predict: 8, temperature: 0 },
  }
  return nativeProbe(
    {
      id: 'generate',
      title: 'the native endpoint answers',
      request: { method: 'POST', path: '/api/generate', body },
    },
    [
      { at: 'response', rule: 'text' },
      { at: 'done', rule: 'equals', value: true },
      { at: 'eval_count', rule: 'positive' },
    ],
  )
}

function nativeStream(model: string): HttpProbe {
  return {
    id: 'native-stream',
    group: 'native',
    title: 'the native chat arrives as JSON lines and says that it is done',
    required: true,
    request: {
      method: 'POST',
      path: '/api/chat',
      body: {
        model,
        messages: [{ role: 'user', content: 'Count from one to five.' }],
        options: { num_predict: 24, temperature: 0 },
      },
    },
    expect: {
      type: 'json-lines',
      status: 200,
      lastLine: [
        { at: 'done', rule: 'equals', value: true },
        { at: 'done_reason', rule: 'text' },
        { at: 'eval_count', rule: 'positive' },
      ],
      textAt: ['message.content'],
    },
    timeoutSeconds: 120,
  }
}

function loaded(listed: string, id: string, title: string, size: JsonCheck): HttpProbe {
  return nativeProbe({ id, title, request: { method: 'GET', path: '/api/ps' } }, [
    { at: 'models.*.name', rule: 'has', value: listed },
    { at: 'models.0.size', rule: 'positive' },
    size,
  ])
}
