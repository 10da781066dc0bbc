import { optional } from '../../../lib/optional.ts'
import type { Behaviour, GpuRules, HttpProbe } from '../../boot/probe.ts'
import { answered, type BadInputTable, flatError, sourced, unconfirmed } from '../bad-input.ts'
import type { Deployment } from '../engine.ts'
import { nativeProbe } from '../openai-probes.ts'
import { healthPage, metricsPage, ofGeneration, openAiBehaviour, usualRefusals } from '../openai-server.ts'
import { valueOfFlag } from '../written-arguments.ts'
import { partProbes } from './parts.ts'
import { standIn } from './stand-in.ts'

/** A page that generates takes a second and more, and fails under load: Kubernetes would restart a server that is busy. */
export const health = {
  variables: { SGLANG_ENABLE_HEALTH_ENDPOINT_GENERATION: 'false' },
  source: 'without that variable /health of SGLang generates a token (http_server.py of 0.5.23)',
}

export function behaviour(deployment: Deployment): Behaviour {
  return openAiBehaviour(deployment, {
    // It generates a token itself.
    pages: [healthPage(deployment.engine)],
    native: {
      ...ofGeneration([generate, generateStream, modelInfo, metricsPage(['sglang'], false)]),
      embedding: [modelInfo, metricsPage(['sglang'], false)],
      rerank: [modelInfo, metricsPage(['sglang'], false)],
    },
    parts: partProbes(deployment),
    badInput,
    // A list of scores, and nothing around it (unconfirmed).
    rerank: { path: '/v1/rerank', resultsAt: '', scoreAt: 'score' },
    // A failed child ends the whole tree with 137, which is not a lack of memory.
    failureLines: ['Received sigquit from a child process', 'Scheduler hit an exception', 'uid not found'],
    gpu: gpuRules(deployment),
    stop: { signal: 'SIGTERM', timeoutSeconds: 60, exitCodes: [0] },
  })
}

/** Its scheduler says of which memory something is left (managers/scheduler.py of 0.5.19 to 0.5.23), and its settings name the device. */
function gpuRules(deployment: Deployment): GpuRules {
  const level = valueOfFlag(deployment, '--log-level') ?? 'info'
  return {
    cpuLines: ['available_cpu_mem='],
    gpuLines: ['info', 'debug'].includes(level.toLowerCase()) ? ['available_gpu_mem=[\\d.]+ GB'] : [],
    probes: [
      nativeProbe(
        {
          id: 'device',
          title: 'the server names CUDA as its device',
          request: { method: 'GET', path: '/get_server_info' },
        },
        [{ at: 'device', rule: 'equals', value: 'cuda' }],
      ),
    ],
    ...optional('standIn', standIn(deployment)),
  }
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
