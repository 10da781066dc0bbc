import { sayWait, timeText } from './waiting.ts'

/** Looks at one exchange: `arm` each time something moves, `disarm` while nobody waits for the server. */
export interface StallWatch {
  /** How long nothing may move. */
  stallMs: number
  /** `extraMs` is how much longer than usual the next move may take. */
  arm(extraMs?: number): void
  disarm(): void
}

const silentMs = 5000

/**
 * Calls `fail` when nothing moved for `stallMs` since it was armed. After 5 s of that people are told `what` is waited for. A
 * timer looks at the time of the last move, since one that is set anew for each piece of a download costs as much as the
 * reading. On a busy machine its time may be past already: Node warns people of a negative one.
 */
export function watchForStall(what: () => string, stallMs: number, fail: (error: Error) => void): StallWatch {
  if (stallMs === Number.POSITIVE_INFINITY) return { stallMs, arm() {}, disarm() {} }
  let timer: NodeJS.Timeout | undefined
  let dueMs = 0
  let movedMs: number | undefined
  let limitMs = stallMs
  function lookAt(timeMs: number): void {
    clearTimeout(timer)
    dueMs = timeMs
    // The connection itself keeps the process as long as there is one.
    timer = setTimeout(look, Math.max(0, timeMs - performance.now())).unref()
  }
  function look(): void {
    timer = undefined
    if (movedMs === undefined) return
    const stillMs = performance.now() - movedMs
    if (stillMs >= limitMs) fail(new Error(`nothing moved for ${limitMs / 1000} s`))
    else if (stillMs < silentMs) lookAt(movedMs + Math.min(silentMs, limitMs))
    else {
      sayWait(`${what()}; this attempt ends after ${timeText(limitMs)} of that`)
      lookAt(movedMs + limitMs)
    }
  }
  return {
    stallMs,
    arm(extraMs = 0) {
      movedMs = performance.now()
      limitMs = stallMs + extraMs
      const firstMs = movedMs + Math.min(silentMs, limitMs)
      if (timer === undefined || dueMs > firstMs) lookAt(firstMs)
    },
    disarm() {
      movedMs = undefined
    },
  }
}
