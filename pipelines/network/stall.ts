import { publicUrl } from './address.ts'
import { sayWait, timeText } from './waiting.ts'

/** Looks at one exchange: `arm` each time something moves, `disarm` while nobody waits for the server. */
export interface StallWatch {
  /** `extraMs` is how much longer than usual the next move may take. */
  arm(extraMs?: number): void
  disarm(): void
}

const silentMs = 5000

/** Calls `onStall` when nothing moved for `stallMs` since it was armed. It is told after 5 s of that. */
export function watchForStall(url: string, stallMs: number, onStall: (error: Error) => void): StallWatch {
  let timer: NodeJS.Timeout | undefined
  function wait(ms: number, then: () => void): void {
    clearTimeout(timer)
    timer = setTimeout(then, ms)
  }
  return {
    arm(extraMs = 0) {
      const limitMs = stallMs + extraMs
      const end = () => onStall(new Error(`nothing moved for ${limitMs / 1000} s`))
      if (limitMs <= silentMs) return wait(limitMs, end)
      wait(silentMs, () => {
        sayWait(`nothing moves at ${publicUrl(url)}; gives up after ${timeText(limitMs)} of that`)
        wait(limitMs - silentMs, end)
      })
    },
    disarm: () => clearTimeout(timer),
  }
}
