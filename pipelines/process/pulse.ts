import { timeText } from '../network/waiting.ts'
import type { CommandProgress, Progress } from './progress.ts'

/** A little after those who wait have said for what. */
const firstMs = 5500
const nextMs = 60_000

/**
 * The same progress, which speaks up when nobody has said anything: some 5 s after the start, and after each minute of silence,
 * with what was told last. `stop` ends it.
 */
export function withPulse(
  progress: CommandProgress,
  what: string,
): { progress: CommandProgress; stop(): void } {
  const beganAt = performance.now()
  let last = what
  let timer = setTimeout(speak, firstMs).unref()
  function heard(text?: string): void {
    if (text !== undefined) last = text
    clearTimeout(timer)
    timer = setTimeout(speak, nextMs).unref()
  }
  function speak(): void {
    progress.step(`still at work, ${timeText(performance.now() - beganAt)} so far: ${last}`)
    heard()
  }
  const listening = (inner: Progress): Progress => ({
    step(text) {
      heard(text)
      inner.step(text)
    },
    bytes(name, done, total) {
      heard()
      inner.bytes(name, done, total)
    },
    end: () => inner.end(),
  })
  return {
    progress: { ...listening(progress), lanes: (names) => progress.lanes(names).map(listening) },
    stop: () => clearTimeout(timer),
  }
}
