import type { Behaviour, HttpProbe } from '../../boot/probe.ts'
import { answered, type BadInputTable, sourced, unconfirmed } from '../bad-input.ts'
import type { Deployment } from '../engine.ts'
import { nativeProbe } from '../openai-probes.ts'
import { healthPage, metricsPage, ofGeneration, openAiBehaviour } from '../openai-server.ts'
import { partProbes } from './parts.ts'

export function behaviour(deployment: Deployment): Behaviour {
  const { modelPath } = deployment
  return openAiBehaviour(deployment, {
    // A name other than `tgi` is taken for an adapter and repeated; only `tgi` is answered with the model that is loaded.
    asked: 'tgi',
    answered: modelPath,
    pages: [healthPage(deployment.engine)],
    native: ofGeneration([info(modelPath), generate, generateStream, metricsPage(['tgi_'])]),
    parts: partProbes(deployment),
    badInput,
    failureLines: [
      'failed to start',
      'Shard complete standard error output:',
      'Download encountered an error',
      'Webserver Crashed',
    ],
    // The launcher gives its router GRACEFUL_TERMINATION_TIMEOUT, 90 s; an idle one ends at once.
    stop: { signal: 'SIGTERM', timeoutSeconds: 95, exitCodes: [0] },
  })
}

const flatError = [
  { at: 'error', rule: 'text' },
  { at: 'error_type', rule: 'equals', value: 'validation' },
] as const

const badInput: BadInputTable = {
  'malformed-json': unconfirmed(400),
  'missing-field': unconfirmed(422),
  'empty-body': unconfirmed(400),
  // An adapter nobody loaded is index 0, the model itself (server/…/flash_causal_lm.py).
  'unknown-model': sourced(200, answered),
  'prompt-too-long': sourced(422, flatError),
  'negative-max-tokens': unconfirmed(422),
  'wrong-method': sourced(405, null),
  'unknown-path': sourced(404, null),
}

function info(modelPath: string): HttpProbe {
  return nativeProbe(
    { id: 'info', title: 'the server names its model and limits', request: { method: 'GET', path: '/info' } },
    [
      { at: 'model_id', rule: 'equals', value: modelPath },
      { at: 'version', rule: 'text' },
      { at: 'max_total_tokens', rule: 'positive' },
    ],
  )
}

const inputs = { inputs: 'The capital of France is', parameters: { max_new_tokens: 8 } }

const generate = nativeProbe(
  {
    id: 'generate',
    title: 'the native endpoint answers',
    request: { method: 'POST', path: '/generate', body: inputs },
  },
  [{ at: 'generated_text', rule: 'text' }],
)

const generateStream: HttpProbe = {
  id: 'generate-stream',
  group: 'native',
  title: 'the native stream arrives in pieces and has no end marker',
  required: true,
  request: { method: 'POST', path: '/generate_stream', body: inputs },
  expect: { type: 'event-stream', status: 200, endMarker: null, textAt: ['token.text'] },
  timeoutSeconds: 120,
}
