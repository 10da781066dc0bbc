import type { Behaviour } from '../../boot/probe.ts'
import { answered, type BadInputTable, sourced, unconfirmed } from '../bad-input.ts'
import type { Deployment } from '../engine.ts'
import { textProbe } from '../openai-probes.ts'
import { healthPage, ofGeneration, openAiBehaviour, usualRefusals, versionProbe } from '../openai-server.ts'

export function behaviour(deployment: Deployment): Behaviour {
  return openAiBehaviour(deployment, {
    pages: [
      healthPage(deployment.engine),
      textProbe(
        {
          id: 'health-generate',
          group: 'native',
          title: 'the health page that generates a token answers',
          path: '/health_generate',
        },
        ['Generation health check OK'],
      ),
    ],
    native: ofGeneration([
      versionProbe(),
      // JSON statistics of iterations; Prometheus is at /prometheus/metrics, and only with return_perf_metrics.
      textProbe({ id: 'metrics', group: 'metrics', title: 'statistics are on', path: '/metrics' }, []),
    ]),
    badInput,
    failureLines: ['Traceback (most recent call last)', 'uid not found'],
    stop: { signal: 'SIGTERM', timeoutSeconds: 60, exitCodes: [0] },
  })
}

const badInput: BadInputTable = {
  // Validation answers with a text; faults the server finds itself are flat objects.
  ...usualRefusals(sourced, [{ at: 'error', rule: 'text' }]),
  'unknown-model': unconfirmed(200, answered),
  'prompt-too-long': unconfirmed(400),
  'negative-max-tokens': unconfirmed(400),
}
