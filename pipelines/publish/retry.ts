import { setTimeout as sleep } from 'node:timers/promises'
import type { RetryPolicy } from '../weights/retry.ts'
import { isTransient, type PublishError } from './error.ts'

/** A registry that asks for more patience than this is told to the person instead of waited for. */
const longestPauseMs = 15 * 60_000

/** Waits before the attempt after `failures` of them; throws the error itself when the registry asks for too long a pause. */
export async function pauseAfter(
  error: PublishError,
  failures: number,
  policy: RetryPolicy,
  signal?: AbortSignal,
): Promise<void> {
  const asked = error.retryAfterMs ?? 0
  if (asked > longestPauseMs) throw error
  const backoff = Math.min(policy.firstDelayMs * 2 ** (failures - 1), policy.maxDelayMs)
  // Jitter, so that many machines that were refused together do not come back together.
  const delayMs = Math.max(asked, backoff * (1 + Math.random() / 4))
  await sleep(delayMs, undefined, signal ? { signal } : undefined)
}

/** Runs `attempt` again after transient failures. */
export async function withRetry<Value>(
  attempt: () => Promise<Value>,
  policy: RetryPolicy,
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
