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
import { behaviour, health } from './probes.ts'
import { reserved } from './reserved.ts'
import { scoring } from './scoring.ts'
import { upstreamRules, wheels } from './slimming.ts'
import { startWords } from './start-words.ts'

const wheelSource = pythonSource({
  folder: '/opt/sglang',
  distribution: 'sglang',
  packages: [...kernelCompilers, 'libnuma1'],
  ...cudaToolkit,
})

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

/** SGLang: from its smaller image or its wheels. Flags and statuses are partly from its source of 2025: boot it on a GPU. */
export const sglang = {
  id: 'sglang',
  title: 'SGLang',
  use: 'many users at once on GPUs, with prompts that begin alike',
  nicknames: [],
  port: 30000,
  formats: ['safetensors', 'pytorch'],
  tasks: [['chat', 'completion', 'tools', 'structured', 'vision'], ['embedding'], ['rerank']],
  weights: { type: 'files' },
  parts,
  modelSettings,
  shell: pythonShell,
  runtimes: [
    image('0.5.21', 'v0.5.21-runtime', cuda13),
    // The last image for CUDA 12.
    image('0.5.19', 'v0.5.19-cu129', cuda129),
    {
      kind: 'packages',
      device: 'cuda',
      source: wheelSource,
      gpu: cuda13,
      slimming: pythonSlimming(wheelSource, compilerFiles),
    },
  ],
  elsewhere: {
    rocm: 'SGLang’s own images for cards of AMD are lmsysorg/sglang:vX.Y.Z-rocm720-mi30x for gfx942 and -mi35x for gfx950; ingot builds none from them',
  },
  versionOf: (text) => semver.coerce(text)?.version ?? null,
  refusals,
  doubts,
  command,
  help,
  environment,
  reserved,
  behaviour,
  apiKey: null,
  scoring,
  healthPath: '/health',
  health,
  ownStart: { seconds: 600, source: 'an estimate: kernels compiled at the start, and CUDA graphs' },
  compileCache,
  startWords,
  // sglang/srt/observability/metrics_collector.py of 0.5.23.
  gauges: {
    form: 'prometheus',
    path: () => '/metrics',
    cacheShare: [['sglang:token_usage']],
    preemptions: ['sglang:num_retracted_requests_total'],
    running: ['sglang:num_running_reqs'],
    waiting: ['sglang:num_queue_reqs'],
  },
  machines: null,
  memory,
  quantizations,
  memoryFlags,
  sharedMemory: { sizeBytes: 32 * 1024 ** 3, source: "SGLang's guide for Docker" },
  wheels,
  imports,
  suggestion: { version: '>=0.5.19 <0.6', rank: 2, packsTo: 'fp8' },
  enginePaths: [
    '/opt/sglang/lib/python3*/site-packages/{sglang,sglang-*}/**',
    '/sgl-workspace/sglang/**',
    '/usr/local/lib/python3*/dist-packages/{sglang,sglang-*}/**',
  ],
  traces: {
    paths: [
      ...inPackages('{sglang,sgl_}*{,/**}'),
      '/sgl-workspace/**',
      '/{bin,usr/bin,usr/local/bin}/sglang',
    ],
    distributions: ['sglang*', 'sgl-*'],
    packages: [],
  },
} satisfies EngineDefinition
