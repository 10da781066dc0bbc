import { setTimeout as sleep } from 'node:timers/promises'
import { isTransient, type RemoteError } from './error.ts'

export interface RetryPolicy {
  /** Attempts that may fail in a row before the error is passed on. */
  attempts: number
  firstDelayMs: number
  maxDelayMs: number
}

/** Some three minutes in all: long enough for a router to restart, short enough that a person sees the reason. */
export const defaultRetry: RetryPolicy = { attempts: 10, firstDelayMs: 500, maxDelayMs: 60_000 }

/** A server that asks for more patience than this is told to the person instead of waited for. */
const longestPauseMs = 15 * 60_000

/**
 * Milliseconds before attempt `failures + 1`: doubled each time, never less than the server asked for, with up to a quarter
 * of jitter, so that many machines that were refused together do not come back together.
 */
export function delayMs(policy: RetryPolicy, failures: number, error: RemoteError): number {
  const backoff = Math.min(policy.firstDelayMs * 2 ** (failures - 1), policy.maxDelayMs)
  return Math.max(backoff * (1 + Math.random() / 4), error.retryAfterMs ?? 0)
}

/** Waits before the attempt after `failures` of them; throws the error itself when the server asks for too long a pause. */
export async function pauseAfter(
  error: RemoteError,
  failures: number,
  policy: RetryPolicy,
  signal?: AbortSignal,
): Promise<void> {
  if ((error.retryAfterMs ?? 0) > longestPauseMs) throw error
  await sleep(delayMs(policy, failures, error), undefined, signal ? { signal } : undefined)
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
      await pauseAfter(error, failures, policy, signal)
    }
  }
}

/** `Retry-After` in seconds or as a date. */
export function retryAfterMs(value: string | null): number | undefined {
  if (value === null) return undefined
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined
}
