import semver from 'semver'
import type { Behaviour, HttpProbe } from '../../boot/probe.ts'
import type { SlimRule } from '../../slim-rules/slimming.ts'
import { answered, type BadInputTable, flatError, sourced, unconfirmed } from '../bad-input.ts'
import type { Deployment, EngineDefinition, EngineRuntime, Refusal } from '../engine.ts'
import { cuda13, cuda129, gpuEnvironment, gpuRefusals, type QuantizationSupport } from '../gpu-support.ts'
import { nativeProbe } from '../openai-probes.ts'
import { healthPage, metricsPage, openAiBehaviour, usualRefusals } from '../openai-server.ts'
import {
  compilerFiles,
  kernelCompilers,
  pythonEnvironment,
  pythonOf,
  pythonRules,
  pythonShell,
  pythonSlimming,
  pythonSource,
  versionCommandOf,
} from '../python-environment.ts'
import { formatRefusals } from '../refusals.ts'
import { servingOptions, unsupportedKeys } from '../serving-keys.ts'
import { sglangReserved } from './reserved.ts'

const wheels = pythonSource({
  folder: '/opt/sglang',
  distribution: 'sglang',
  packages: [...kernelCompilers, 'libnuma1'],
})

const upstreamRules: readonly SlimRule[] = [
  ...pythonRules,
  {
    id: 'sglang-source-tree',
    risk: 'safe',
    paths: ['/sgl-workspace/sglang/{benchmark,docs,examples,test,.git,.github,3rdparty}/**'],
    reason: 'the source tree around the package',
  },
]

function image(version: string, tag: string, gpu: NonNullable<EngineRuntime['gpu']>): EngineRuntime {
  return {
    kind: 'upstream',
    device: 'cuda',
    version,
    source: {
      type: 'upstream',
      base: `lmsysorg/sglang:${tag}`,
      versionCommand: versionCommandOf('sglang'),
    },
    gpu,
    slimming: { rules: upstreamRules },
  }
}

/** Lowest compute capability by name; general knowledge of its kernels, unconfirmed. */
const quantizations: QuantizationSupport = {
  awq: 7.5,
  awq_marlin: 8.0,
  gptq: 7.5,
  gptq_marlin: 8.0,
  fp8: 8.0,
  w8a8_int8: 8.0,
  w8a8_fp8: 8.9,
  'compressed-tensors': 8.0,
  bitsandbytes: 7.5,
  modelopt: 8.9,
  modelopt_fp4: 10.0,
  mxfp4: 9.0,
}

/** SGLang: from its smaller image or its wheels. Flags and statuses are partly from its source of 2025: boot it on a GPU. */
export const sglang = {
  id: 'sglang',
  title: 'SGLang',
  port: 30000,
  formats: ['safetensors'],
  shell: pythonShell,
  runtimes: [
    image('0.5.21', 'v0.5.21-runtime', cuda13),
    // The last image for CUDA 12.
    image('0.5.19', 'v0.5.19-cu129', cuda129),
    {
      kind: 'packages',
      device: 'cuda',
      source: wheels,
      gpu: cuda13,
      slimming: pythonSlimming(wheels, compilerFiles),
    },
  ],
  versionOf: (text) => semver.coerce(text)?.version ?? null,
  refusals,
  command,
  environment,
  reserved: sglangReserved,
  enginePaths: [
    '/opt/sglang/lib/python3*/site-packages/{sglang,sglang-*}/**',
    '/sgl-workspace/sglang/**',
    '/usr/local/lib/python3*/dist-packages/{sglang,sglang-*}/**',
  ],
  behaviour,
} satisfies EngineDefinition

function refusals(deployment: Deployment): Refusal[] {
  return [
    ...formatRefusals(deployment, sglang.title, sglang.formats),
    ...gpuRefusals(deployment, quantizations),
    ...unsupportedKeys(deployment, {
      maxInputTokens: 'SGLang limits prompt and answer together: use contextLength',
    }),
  ]
}

function command(deployment: Deployment): string[] {
  const { serving, model } = deployment.recipe
  return [
    ...[pythonOf(deployment), '-m', 'sglang.launch_server'],
    ...['--model-path', deployment.modelPath],
    ...['--served-model-name', model.name],
    ...['--host', '0.0.0.0', '--port', String(deployment.port)],
    ...['--dtype', serving.dtype],
    ...servingOptions(deployment, {
      contextLength: '--context-length',
      parallelism: '--max-running-requests',
      maxPrefillTokens: '--max-prefill-tokens',
      quantization: '--quantization',
      kvCacheDtype: '--kv-cache-dtype',
      tensorParallel: '--tp-size',
      gpuMemoryUtilization: '--mem-fraction-static',
    }),
    '--enable-metrics',
    ...serving.extraArguments,
  ]
}

function environment(deployment: Deployment): Record<string, string> {
  return {
    ...pythonEnvironment(deployment),
    ...gpuEnvironment(deployment.runtime.device),
    SGLANG_CACHE_DIR: '/tmp/sglang',
    // Its name is unconfirmed; DG_JIT_CACHE_DIR is set as well.
    SGLANG_DG_CACHE_DIR: '/tmp/deep-gemm',
  }
}

function behaviour(deployment: Deployment): Behaviour {
  return openAiBehaviour(deployment, {
    // It generates a token itself.
    pages: [healthPage],
    native: [generate, generateStream, modelInfo, metricsPage(['sglang'], false)],
    badInput,
    // A failed child ends the whole tree with 137, which is not a lack of memory.
    failureLines: ['Received sigquit from a child process', 'Scheduler hit an exception', 'uid not found'],
    stop: { signal: 'SIGTERM', timeoutSeconds: 60, exitCodes: [0] },
  })
}

const badInput: BadInputTable = {
  ...usualRefusals(sourced, flatError),
  'unknown-model': unconfirmed(200, answered),
  'prompt-too-long': sourced(400, flatError),
  'negative-max-tokens': unconfirmed(400, flatError),
}

const generateBody = {
  text: 'The capital of France is',
  sampling_params: { max_new_tokens: 8, temperature: 0 },
}

const generate = nativeProbe(
  {
    id: 'generate',
    title: 'the native endpoint answers',
    request: { method: 'POST', path: '/generate', body: generateBody },
  },
  [
    { at: 'text', rule: 'text' },
    { at: 'meta_info', rule: 'exists' },
  ],
)

/** Every event carries the whole text so far. */
const generateStream: HttpProbe = {
  id: 'generate-stream',
  group: 'native',
  title: 'the native stream arrives in pieces and ends with [DONE]',
  required: true,
  request: { method: 'POST', path: '/generate', body: { ...generateBody, stream: true } },
  expect: { type: 'event-stream', status: 200, endMarker: '[DONE]', textAt: ['text'] },
  timeoutSeconds: 120,
}

/** Newer servers also know it as /model_info (unconfirmed). */
const modelInfo = nativeProbe(
  {
    id: 'model-info',
    title: 'the server names its model',
    request: { method: 'GET', path: '/get_model_info' },
  },
  [{ at: 'model_path', rule: 'text' }],
  false,
)
