import { setTimeout as sleep } from 'node:timers/promises'
import { isTransient, type WeightsError } from './error.ts'

export interface RetryPolicy {
  /** Attempts that may fail in a row before the error is passed on. */
  attempts: number
  firstDelayMs: number
  maxDelayMs: number
}

/** Some three minutes in all: long enough for a router to restart, short enough that a person sees the reason. */
export const defaultRetry: RetryPolicy = { attempts: 10, firstDelayMs: 500, maxDelayMs: 60_000 }

/** Milliseconds before attempt `failures + 1`: doubled each time, with up to a quarter of jitter, never less than the server asked for. */
export function delayMs(policy: RetryPolicy, failures: number, error: WeightsError): number {
  const backoff = Math.min(policy.firstDelayMs * 2 ** (failures - 1), policy.maxDelayMs)
  return Math.max(backoff * (1 + Math.random() / 4), error.retryAfterMs ?? 0)
}

/** Runs `attempt` again after transient failures. */
export async function withRetry<Value>(
  attempt: () => Promise<Value>,
  policy: RetryPolicy = defaultRetry,
  signal?: AbortSignal,
): Promise<Value> {
  for (let failures = 0; ; ) {
    try {
      return await attempt()
    } catch (error) {
      if (!isTransient(error) || ++failures >= policy.attempts) throw error
      await sleep(delayMs(policy, failures, error), undefined, signal ? { signal } : undefined)
    }
  }
}
