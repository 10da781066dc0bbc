import type { Behaviour, HttpProbe } from '../../boot/probe.ts'
import { type BadInputTable, measured, nestedError } from '../bad-input.ts'
import type { Deployment } from '../engine.ts'
import { nativeProbe } from '../openai-probes.ts'
import { healthPage, metricsPage, openAiBehaviour, usualRefusals, versionProbe } from '../openai-server.ts'

export function behaviour(deployment: Deployment): Behaviour {
  return openAiBehaviour(deployment, {
    pages: [healthPage(deployment.engine)],
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
