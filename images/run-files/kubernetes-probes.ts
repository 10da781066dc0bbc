import type { Json } from '../../lib/json.ts'
import type { RunFacts } from './facts.ts'

const startPeriodSeconds = 5

/** A start may take what was measured, several times over; afterwards three misses take the server out, six restart it. */
export function probes({ healthPath, port, readySeconds = 0, startSeconds }: RunFacts): {
  [key: string]: Json
} {
  const httpGet = { path: healthPath, port }
  const initialDelaySeconds = Math.floor(readySeconds / 2)
  return {
    startupProbe: {
      httpGet,
      initialDelaySeconds,
      periodSeconds: startPeriodSeconds,
      timeoutSeconds: 5,
      failureThreshold: Math.ceil((startSeconds - initialDelaySeconds) / startPeriodSeconds),
    },
    readinessProbe: { httpGet, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 3 },
    livenessProbe: { httpGet, periodSeconds: 10, timeoutSeconds: 10, failureThreshold: 6 },
  }
}
