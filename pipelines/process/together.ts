import { setTimeout as sleep } from 'node:timers/promises'

/** What a task gets: a signal that aborts when another task fails, or with the signal of all of them. */
export type Task<Value> = (signal: AbortSignal) => Promise<Value>

/** How long the others may take to stop. Work in the Dagger engine takes no signal: it ends with the session. */
const stopMs = 3000

/**
 * Two halves of one thing, at the same time. When one fails, the other is aborted, and the error is thrown once that has
 * stopped, after 3 s at the latest.
 */
export async function together<First, Second>(
  [first, second]: readonly [Task<First>, Task<Second>],
  outer?: AbortSignal,
): Promise<[First, Second]> {
  const stop = new AbortController()
  const signal = outer ? AbortSignal.any([outer, stop.signal]) : stop.signal
  const running = [first(signal), second(signal)] as const
  try {
    return await Promise.all(running)
  } catch (error) {
    stop.abort(error)
    const limit = new AbortController()
    const late = sleep(stopMs, undefined, { signal: limit.signal }).catch(() => {})
    await Promise.race([Promise.allSettled(running), late])
    limit.abort()
    throw error
  }
}
