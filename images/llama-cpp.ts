import semver from 'semver'
import type { Deployment, EngineDefinition, Refusal } from './engine.ts'
import {
  badInputProbe,
  chatBody,
  chatProbe,
  chatStreamProbe,
  completionsProbe,
  generatedTokenProbe,
  modelsProbe,
  overlongPrompt,
} from './openai-probes.ts'
import type { Behaviour, HttpProbe, JsonCheck } from './probe.ts'

/** llama.cpp's own server, from Debian's package or the project's image. */
export const llamaCpp = {
  id: 'llama-cpp',
  title: 'llama.cpp',
  port: 8080,
  runtimes: {
    packages: {
      type: 'debian',
      base: 'debian:forky-slim',
      packages: ['llama.cpp-tools'],
      versionOf: 'llama.cpp-tools',
    },
    upstream: {
      type: 'upstream',
      base: 'ghcr.io/ggml-org/llama.cpp:server',
      versionCommand: ['/app/llama-server', '--version'],
    },
  },
  defaultRuntime: 'packages',
  versionOf,
  refusals,
  command,
  environment,
  slimming: {
    rules: [],
    closure: {
      roots: ['/usr/bin/llama-server', '/usr/lib/**/ggml/**', '/app/llama-server', '/app/*.so*'],
      data: ['/usr/share/llama.cpp*/**'],
    },
  },
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

function refusals({ recipe, files }: Deployment): Refusal[] {
  const models = files.filter((file) => file.path.endsWith('.gguf'))
  const found: Refusal[] = []
  if (models.length === 0)
    found.push({
      path: 'weights.source',
      found: `no .gguf file among ${files.map((file) => file.path).join(', ')}`,
      hint: 'llama.cpp loads GGUF only; name a repository or file in that format',
    })
  if (recipe.serving.dtype !== 'auto')
    found.push({
      path: 'serving.dtype',
      found: `dtype ${recipe.serving.dtype}`,
      hint: 'the types of a GGUF are fixed in the file; leave dtype at auto',
    })
  return found
}

/** The file to pass: llama.cpp finds the other shards of a split model by name. */
function modelFile({ modelFolder, files }: Deployment): string {
  const models = files.filter((file) => file.path.endsWith('.gguf') && !/(^|\/)mmproj/.test(file.path))
  return `${modelFolder}/${models[0]?.path}`
}

function command(deployment: Deployment): string[] {
  const { serving, model, engine } = deployment.recipe
  const server = engine.runtime === 'upstream' ? '/app/llama-server' : '/usr/bin/llama-server'
  const perSlot = serving.contextLength
  return [
    server,
    ...['--model', modelFile(deployment)],
    ...['--alias', model.name],
    ...['--host', '0.0.0.0', '--port', String(deployment.port)],
    ...['--parallel', String(serving.parallelism)],
    ...(perSlot === undefined ? [] : ['--ctx-size', String(perSlot * serving.parallelism)]),
    ...(serving.kvCacheDtype === undefined
      ? []
      : ['--cache-type-k', serving.kvCacheDtype, '--cache-type-v', serving.kvCacheDtype]),
    '--offline',
    '--metrics',
    '--no-slots',
    '--no-webui',
    ...serving.extraArguments,
  ]
}

function environment(): Record<string, string> {
  return { LLAMA_CACHE: '/tmp/llama.cpp', CUDA_CACHE_PATH: '/tmp/nv' }
}

function behaviour(deployment: Deployment): Behaviour {
  const { recipe } = deployment
  const model = recipe.model.name
  return {
    readiness: generatedTokenProbe(model, recipe.verify.startTimeoutSeconds),
    probes: [
      health,
      modelsProbe(model),
      chatProbe(model),
      chatStreamProbe(model),
      completionsProbe(model),
      completion,
      metrics,
      ...badInput(model, recipe.serving.contextLength ?? 4096, malformedJsonStatus(deployment.version)),
    ],
    failureLines: ['error loading model', 'failed to load model', 'error while loading shared libraries'],
    stop: { signal: 'SIGTERM', timeoutSeconds: 10, exitCodes: [0] },
    ask: { path: '/v1/chat/completions', bodyFor: 'openai-chat', textAt: 'choices.0.message.content' },
  }
}

const health: HttpProbe = {
  id: 'health',
  group: 'native',
  title: 'the health page says ok',
  required: true,
  request: { method: 'GET', path: '/health' },
  expect: { type: 'json', status: 200, checks: [{ at: 'status', rule: 'equals', value: 'ok' }] },
  timeoutSeconds: 10,
}

const completion: HttpProbe = {
  id: 'completion',
  group: 'native',
  title: 'the native completion answers and counts tokens',
  required: true,
  request: {
    method: 'POST',
    path: '/completion',
    body: { prompt: 'Once upon a time', n_predict: 8, temperature: 0 },
  },
  expect: {
    type: 'json',
    status: 200,
    checks: [
      { at: 'content', rule: 'text' },
      { at: 'stop', rule: 'equals', value: true },
      { at: 'tokens_evaluated', rule: 'positive' },
    ],
  },
  timeoutSeconds: 120,
}

const metrics: HttpProbe = {
  id: 'metrics',
  group: 'metrics',
  title: 'Prometheus metrics count the tokens',
  required: true,
  request: { method: 'GET', path: '/metrics' },
  expect: {
    type: 'text',
    status: 200,
    contains: ['llamacpp:prompt_tokens_total', 'llamacpp:tokens_predicted_total'],
  },
  timeoutSeconds: 10,
}

const nestedError: readonly JsonCheck[] = [
  { at: 'error.message', rule: 'text' },
  { at: 'error.type', rule: 'text' },
]

/** Release 0.7.0 answers 400 (measured with Debian's package); numbered builds up to b11243 were seen to answer 500. */
function malformedJsonStatus(version: string): number {
  return semver.major(version) >= 1000 ? 500 : 400
}

function badInput(model: string, contextLength: number, malformedStatus: number): HttpProbe[] {
  const path = '/v1/chat/completions'
  return [
    badInputProbe(
      'malformed-json',
      'malformed JSON is refused',
      { method: 'POST', path, raw: '{"model": ' },
      malformedStatus,
      nestedError,
    ),
    badInputProbe(
      'missing-field',
      'a chat without messages is refused',
      { method: 'POST', path, body: { model } },
      400,
      nestedError,
    ),
    badInputProbe(
      'wrong-method',
      'GET on the chat endpoint is refused',
      { method: 'GET', path },
      404,
      nestedError,
    ),
    badInputProbe(
      'prompt-too-long',
      'a prompt longer than the context is refused',
      { method: 'POST', path, body: chatBody(model, overlongPrompt(contextLength), 1) },
      400,
      [...nestedError, { at: 'error.type', rule: 'equals', value: 'exceed_context_size_error' }],
    ),
  ]
}
