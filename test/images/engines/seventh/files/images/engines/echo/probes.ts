import type { Behaviour } from '../../boot/probe.ts'
import { type BadInputTable, measured, nestedError } from '../bad-input.ts'
import type { Deployment } from '../engine.ts'
import { healthPage, openAiBehaviour, usualRefusals } from '../openai-server.ts'

export function behaviour(deployment: Deployment): Behaviour {
  return openAiBehaviour(deployment, {
    pages: [healthPage(deployment.engine)],
    badInput,
    failureLines: ['echo cannot start'],
    stop: { signal: 'SIGTERM', timeoutSeconds: 10, exitCodes: [0] },
  })
}

const badInput: BadInputTable = {
  ...usualRefusals(measured, nestedError),
  'unknown-model': measured(404, nestedError),
  'prompt-too-long': measured(400, nestedError),
  'negative-max-tokens': measured(400, nestedError),
}
