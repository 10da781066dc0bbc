import semver from 'semver'
import type { Behaviour, StopRules } from '../../boot/probe.ts'
import { answered, type BadInputTable, measured, nestedError, sourced, unconfirmed } from '../bad-input.ts'
import type { Device } from '../device.ts'
import type {
  Deployment,
  EngineDefinition,
  EngineRuntime,
  GpuSupport,
  InitProgram,
  Refusal,
} from '../engine.ts'
import { gpuEnvironment, gpuRefusals } from '../gpu-support.ts'
import { nativeProbe } from '../openai-probes.ts'
import { metricsPage, openAiBehaviour } from '../openai-server.ts'
import { formatRefusals, ggufModels, quantizationRefusals } from '../refusals.ts'
import { option, unsupportedKeys } from '../serving-keys.ts'
import { llamaCppReserved } from './reserved.ts'

const closure = {
  roots: ['/usr/bin/llama-server', '/usr/lib/**/ggml/**', '/app/llama-server', '/app/*.so*'],
  data: ['/usr/share/llama.cpp*/**'],
}

/**
 * As first process llama-server does not hear SIGTERM while it loads, and afterwards it never answers or ends a plain
 * request that is under way. SIGHUP, which it does not handle, ends it at once; what a stop cuts off is lost either way
 * (docs/decisions/056-an-init-for-llama-cpp.md).
 */
const hangUpInit: InitProgram = {
  packages: ['dumb-init', 'tini'],
  command: [
    // A stop that was asked for is no failure: 129, which is 128 and SIGHUP, becomes 0.
    ...['/usr/bin/tini', '-e', '129', '--'],
    ...['/usr/bin/dumb-init', '--rewrite', '15:1', '--rewrite', '2:1', '--'],
  ],
}

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
  port: 8080,
  formats: ['gguf'],
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
      init: hangUpInit,
    },
    image('cpu', 'server'),
    // Capability and driver floors are unconfirmed.
    image('cuda', 'server-cuda13', { cuda: '13', minCapability: 7.5, minDriver: '580' }),
    image('cuda', 'server-cuda', { cuda: '12.8', minCapability: 5.0, minDriver: '525' }),
  ],
  versionOf,
  refusals,
  command,
  environment,
  reserved: llamaCppReserved,
  enginePaths: [
    '/usr/bin/llama-*',
    '/usr/lib/**/*llama*',
    '/usr/lib/**/*ggml*',
    '/usr/lib/**/*ggml*/**',
    '/app/**',
  ],
  behaviour,
} satisfies EngineDefinition

/** Releases are semver (Debian: `1:0.7.0+dfsg-2`); plain builds are numbered, and build b11669 counts as 11669.0.0. */
function versionOf(text: string): string | null {
  const release = /(?:^|:|\s|v)(\d+\.\d+\.\d+)/.exec(text)?.[1]
  const build = /(?:^|[~b:\s])(\d{4,})/.exec(text)?.[1]
  return semver.coerce(release ?? build)?.version ?? null
}

function refusals(deployment: Deployment): Refusal[] {
  return [
    ...formatRefusals(deployment, llamaCpp.title, llamaCpp.formats),
    ...gpuRefusals(deployment, null),
    ...unsupportedKeys(deployment, {
      dtype: 'the types of a GGUF are fixed in the file; leave dtype at auto',
      gpuMemoryUtilization: 'llama.cpp fits itself into what is free; limit contextLength or parallelism',
      maxInputTokens: 'llama.cpp limits prompt and answer together: use contextLength',
    }),
    ...quantizationRefusals(deployment),
  ]
}

function command(deployment: Deployment): string[] {
  const { serving, model } = deployment.recipe
  const { kind, device } = deployment.runtime
  const perSlot = serving.contextLength
  return [
    kind === 'upstream' ? '/app/llama-server' : '/usr/bin/llama-server',
    // It finds the other shards of a split model by name.
    ...['--model', `${deployment.modelPath}/${ggufModels(deployment.files)[0]?.path}`],
    ...['--alias', model.name],
    ...['--host', '0.0.0.0', '--port', String(deployment.port)],
    ...['--parallel', String(serving.parallelism)],
    ...option('--ctx-size', perSlot === undefined ? undefined : perSlot * serving.parallelism),
    ...option('--cache-type-k', serving.kvCacheDtype),
    ...option('--cache-type-v', serving.kvCacheDtype),
    ...option('--ubatch-size', serving.maxPrefillTokens),
    ...(device === 'cuda' ? ['--n-gpu-layers', '999'] : []),
    ...(serving.tensorParallel > 1 ? ['--split-mode', 'row'] : []),
    '--offline',
    '--metrics',
    '--no-slots',
    '--no-webui',
    ...serving.extraArguments,
  ]
}

function environment({ runtime, init }: Deployment): Record<string, string> {
  return {
    ...gpuEnvironment(runtime.device),
    LLAMA_CACHE: '/tmp/llama.cpp',
    CUDA_CACHE_PATH: '/tmp/nv',
    // A stream that is stopped ends with the next ping: 30 s by default, beyond the grace.
    ...(init.length > 0 ? {} : { LLAMA_ARG_SSE_PING_INTERVAL: '2' }),
  }
}

function behaviour(deployment: Deployment): Behaviour {
  return openAiBehaviour(deployment, {
    pages: [health],
    native: [completion, metrics],
    badInput: badInput(deployment.version),
    failureLines: ['error loading model', 'failed to load model', 'error while loading shared libraries'],
    gpu: {
      // `load_tensors: offloaded 33/33 layers to GPU`: fewer than all leave the rest to the CPU. A build without a
      // device says that none was found.
      cpuLines: ['offloaded (\\d+)/(?!\\1\\b)\\d+ layers', 'no usable GPU found'],
      gpuLines: ['offloaded (\\d+)/\\1 layers to GPU'],
      probes: [],
    },
    stop: deployment.init.length > 0 ? stopByInit : stopAlone,
  })
}

/** Measured with 0.7.0: at most 0.2 s on every occasion. */
const stopByInit: StopRules = {
  signal: 'SIGTERM',
  timeoutSeconds: 10,
  exitCodes: [0],
  busy: {
    loading: { type: 'ends', line: 'loading model', exitCodes: [0] },
    streaming: { type: 'ends', exitCodes: [0] },
    plain: { type: 'ends', exitCodes: [0] },
  },
}

/** Images of the project, and those of locks from before the init. */
const stopAlone: StopRules = {
  signal: 'SIGTERM',
  timeoutSeconds: 10,
  exitCodes: [0],
  busy: {
    loading: {
      type: 'deaf',
      source:
        'llama-server is the first process of this image and sets no handler before the model is loaded (measured, 0.7.0); `ingot lock` adds an init where the base has one',
    },
    streaming: { type: 'ends', exitCodes: [0] },
    plain: {
      type: 'ends-without-client',
      exitCodes: [0],
      source: 'measured with 0.7.0: 0 CPU seconds and no answer in 100 s after SIGTERM',
    },
  },
}

const health = nativeProbe(
  { id: 'health', title: 'the health page says ok', request: { method: 'GET', path: '/health' } },
  [{ at: 'status', rule: 'equals', value: 'ok' }],
)

const completion = nativeProbe(
  {
    id: 'completion',
    title: 'the native completion answers and counts tokens',
    request: {
      method: 'POST',
      path: '/completion',
      body: { prompt: 'Once upon a time', n_predict: 8, temperature: 0 },
    },
  },
  [
    { at: 'content', rule: 'text' },
    { at: 'stop', rule: 'equals', value: true },
    { at: 'tokens_evaluated', rule: 'positive' },
  ],
)

const metrics = metricsPage(['llamacpp:prompt_tokens_total', 'llamacpp:tokens_predicted_total'])

/** Release 0.7.0 answers 400 (measured with Debian's package); numbered builds up to b11243 were seen to answer 500. */
function badInput(version: string): BadInputTable {
  const malformed = semver.major(version) >= 1000 ? 500 : 400
  return {
    'malformed-json': measured(malformed, nestedError),
    'missing-field': measured(400, nestedError),
    'empty-body': unconfirmed(malformed, nestedError),
    'unknown-model': sourced(200, answered),
    'prompt-too-long': measured(400, [
      ...nestedError,
      { at: 'error.type', rule: 'equals', value: 'exceed_context_size_error' },
    ]),
    'negative-max-tokens': {
      type: 'not-asked',
      reason: 'it means no limit here: the answer ends with the context',
    },
    'wrong-method': measured(404, nestedError),
    'unknown-path': unconfirmed(404, nestedError),
  }
}
