import semver from 'semver'
import { inPackages } from '../../slim-rules/rule.ts'
import type { Device } from '../device.ts'
import type { EngineDefinition, EngineRuntime } from '../engine.ts'
import type { GpuSupport } from '../engine-facts.ts'
import { command, doubts, environment, help, refusals } from './command.ts'
import { imports } from './imports.ts'
import { machines, packagesFor, workerRoots } from './machines.ts'
import { memory } from './memory.ts'
import { memoryFlags } from './memory-flags.ts'
import { modelSettings } from './model-settings.ts'
import { files, ofModel, parts } from './parts.ts'
import { perplexity } from './perplexity.ts'
import { behaviour } from './probes.ts'
import { reserved } from './reserved.ts'
import { debianRocm, rocmPackages, rocmSlimming } from './rocm.ts'
import { closure, wheels } from './slimming.ts'
import { hangUpInit } from './stop.ts'
import { vulkanPackages, vulkanSlimming } from './vulkan.ts'

function image(device: Device, tag: string, gpu?: GpuSupport): EngineRuntime {
  return {
    kind: 'upstream',
    device,
    source: {
      type: 'upstream',
      base: `ghcr.io/ggml-org/llama.cpp:${tag}`,
      versionCommand: ['/app/llama-server', '--version'],
    },
    ...(gpu === undefined ? {} : { gpu }),
    slimming: { rules: [], closure },
  }
}

/** llama.cpp's own server, from Debian's package or the project's image. */
export const llamaCpp = {
  id: 'llama-cpp',
  title: 'llama.cpp',
  use: 'CPUs, one or a few users, cards of any maker',
  nicknames: ['llama.cpp'],
  port: 8080,
  formats: ['gguf'],
  tasks: [['chat', 'completion', 'embedding', 'tools', 'structured', 'vision'], ['rerank']],
  weights: { type: 'files' },
  parts,
  modelSettings,
  shell: null,
  runtimes: [
    {
      kind: 'packages',
      device: 'cpu',
      source: {
        type: 'debian',
        base: 'debian:forky-slim',
        packages: ['llama.cpp-tools', ...hangUpInit.packages],
        versionOf: 'llama.cpp-tools',
      },
      slimming: { rules: [], closure },
      packagesFor,
      slimmingFor: (recipe) => ({ rules: [], closure: workerRoots(recipe) }),
      init: hangUpInit,
    },
    {
      kind: 'packages',
      device: 'vulkan',
      source: {
        type: 'debian',
        base: 'debian:forky-slim',
        packages: ['llama.cpp-tools', ...vulkanPackages, ...hangUpInit.packages],
        versionOf: 'llama.cpp-tools',
      },
      slimming: { rules: [], closure },
      slimmingFor: vulkanSlimming,
      init: hangUpInit,
    },
    {
      kind: 'packages',
      device: 'rocm',
      source: {
        type: 'debian',
        base: 'debian:forky-slim',
        packages: ['llama.cpp-tools', ...rocmPackages, ...hangUpInit.packages],
        versionOf: 'llama.cpp-tools',
      },
      amd: debianRocm,
      slimming: { rules: [], closure },
      slimmingFor: rocmSlimming,
      init: hangUpInit,
    },
    image('cpu', 'server'),
    // Capability and driver floors are unconfirmed.
    image('cuda', 'server-cuda13', { cuda: '13', minCapability: 7.5, minDriver: '580' }),
    image('cuda', 'server-cuda', { cuda: '12.8', minCapability: 5.0, minDriver: '525' }),
  ],
  versionOf,
  refusals,
  doubts,
  command,
  help,
  environment,
  files,
  reserved,
  behaviour,
  apiKey: { variable: 'LLAMA_API_KEY', open: ['GET /health', 'GET /v1/health'] },
  perplexity,
  healthPath: '/health',
  // A slot keeps its place, so nothing is preempted; older builds told the cache.
  gauges: {
    form: 'prometheus',
    path: (deployment) => `/metrics${ofModel(deployment)}`,
    cacheShare: [['llamacpp:kv_cache_usage_ratio']],
    preemptions: [],
    running: ['llamacpp:requests_processing'],
    waiting: ['llamacpp:requests_deferred'],
  },
  machines,
  memory,
  quantizations: null,
  memoryFlags,
  sharedMemory: null,
  wheels,
  imports,
  suggestion: { version: '>=0.7', rank: 5, packsTo: null },
  enginePaths: [
    '/usr/bin/llama-*',
    '/usr/lib/**/*llama*',
    '/usr/lib/**/*ggml*',
    '/usr/lib/**/*ggml*/**',
    '/usr/libexec/**/llama/**',
    '/app/**',
  ],
  traces: {
    paths: [
      ...inPackages('{llama_cpp,xllamacpp}*{,/**}'),
      '/{bin,usr/bin,usr/local/bin}/llama-*',
      '/usr/{lib,local/lib}/**/*{llama,ggml,libmtmd}*',
      '/usr/{lib,local/lib}/**/*{llama,ggml}*/**',
      '/usr/libexec/**/llama/**',
    ],
    distributions: ['llama-cpp*', 'xllamacpp'],
    packages: ['llama.cpp*', 'libllama*', 'libggml*', 'libmtmd*'],
  },
} satisfies EngineDefinition

/** Releases are semver (Debian: `1:0.7.0+dfsg-2`); plain builds are numbered, and build b11669 counts as 11669.0.0. */
function versionOf(text: string): string | null {
  const release = /(?:^|:|\s|v)(\d+\.\d+\.\d+)/.exec(text)?.[1]
  const build = /(?:^|[~b:\s])(\d{4,})/.exec(text)?.[1]
  return semver.coerce(release ?? build)?.version ?? null
}
