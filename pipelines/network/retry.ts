import { setTimeout as sleep } from 'node:timers/promises'
import { isTransient, type RemoteError } from './error.ts'
import { sayWait, timeText } from './waiting.ts'

export interface RetryPolicy {
  /** Attempts that may fail in a row before the error is passed on. */
  attempts: number
  firstDelayMs: number
  maxDelayMs: number
}

/** Some three minutes in all: long enough for a router to restart, short enough that a person sees the reason. */
export const defaultRetry: RetryPolicy = { attempts: 10, firstDelayMs: 500, maxDelayMs: 60_000 }

/** Where nobody has answered yet: 3.5 s of pauses. */
const hopelessAttempts = 4

/** All pauses of one act together. A server that asks for more patience than this is told to the person instead. */
const longestWaitMs = 15 * 60_000

/** What fails and is tried again within less is over before anybody wonders. */
const silentMs = 2000

/**
 * Milliseconds before attempt `failures + 1`: doubled each time, never less than the server asked for, with up to a quarter
 * of jitter, so that many machines that were refused together do not come back together.
 */
export function delayMs(policy: RetryPolicy, failures: number, error: RemoteError): number {
  return Math.max(backoffMs(policy, failures) * (1 + Math.random() / 4), error.retryAfterMs ?? 0)
}

/** The one rule for everything that is tried again. */
export interface Patience {
  /** After a failed attempt: waits before the next one, or throws the error where there shall be none. */
  pause(error: RemoteError): Promise<void>
  /** Something arrived, so that failures are counted anew. */
  moved(): void
}

export function startPatience(policy: RetryPolicy = defaultRetry, signal?: AbortSignal): Patience {
  let failures = 0
  let waitedMs = 0
  let sinceMs = performance.now()
  return {
    async pause(error) {
      failures += 1
      const attemptMs = performance.now() - sinceMs
      const attempts = error.isHopeless ? Math.min(hopelessAttempts, policy.attempts) : policy.attempts
      const pauseMs = delayMs(policy, failures, error)
      waitedMs += pauseMs
      if (failures >= attempts || waitedMs > longestWaitMs) throw error
      const next = { pauseMs, attemptMs, attempt: failures + 1, attempts }
      if (pauseMs + attemptMs >= silentMs) sayWait(pauseText(error, next, policy))
      await sleep(pauseMs, undefined, signal ? { signal } : undefined)
      sinceMs = performance.now()
    },
    moved() {
      failures = 0
      waitedMs = 0
      sinceMs = performance.now()
    },
  }
}

/** Runs `attempt` again after transient failures. */
export async function withRetry<Value>(
  attempt: () => Promise<Value>,
  policy: RetryPolicy = defaultRetry,
  signal?: AbortSignal,
): Promise<Value> {
  const patience = startPatience(policy, signal)
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!isTransient(error)) throw error
      await patience.pause(error)
    }
  }
}

/** `Retry-After` in seconds or as a date. */
export function retryAfterMs(value: string | null): number | undefined {
  if (value === null) return undefined
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined
}

function backoffMs({ firstDelayMs, maxDelayMs }: RetryPolicy, failures: number): number {
  return Math.min(firstDelayMs * 2 ** (failures - 1), maxDelayMs)
}

interface NextAttempt {
  pauseMs: number
  /** What the last attempt took: the next ones may take as long. */
  attemptMs: number
  attempt: number
  attempts: number
}

/** `read https://host/path: the server answered 503; attempt 4 of 10 in 4 s, gives up after 3 min more`. */
function pauseText(
  { failure }: RemoteError,
  { pauseMs, attemptMs, attempt, attempts }: NextAttempt,
  policy: RetryPolicy,
): string {
  let moreMs = pauseMs + attemptMs
  for (let failed = attempt; failed < attempts; failed++) moreMs += backoffMs(policy, failed) + attemptMs
  const last = attempt === attempts ? 'the last one' : `gives up after ${timeText(moreMs)}`
  return `${failure.attempted}: ${failure.found}; attempt ${attempt} of ${attempts} in ${timeText(pauseMs)}, ${last}`
}
