import { channel } from 'node:diagnostics_channel'

/**
 * Every wait of this program is told here, and whoever shows things to people listens. A channel and not a parameter: a new
 * place that waits has nothing to be handed, so none of them can be silent for the want of it.
 */
const waits = channel('ingot:wait')

/** Nobody wonders before this. */
const silentMs = 5000
const repeatMs = 60_000

export function sayWait(text: string): void {
  if (waits.hasSubscribers) waits.publish(text)
}

/** Calls `listener` with each wait until the function that it gives is called. */
export function onWait(listener: (text: string) => void): () => void {
  const hear = (text: unknown) => listener(String(text))
  waits.subscribe(hear)
  return () => void waits.unsubscribe(hear)
}

/** Tells what is waited for when it takes longer than 5 s, and once a minute from then on. */
export async function saidWhile<Value>(text: string, act: () => Promise<Value>): Promise<Value> {
  let timer = setTimeout(say, silentMs)
  function say(): void {
    sayWait(text)
    timer = setTimeout(say, repeatMs)
  }
  try {
    return await act()
  } finally {
    clearTimeout(timer)
  }
}

/** A time for people: `800 ms`, `12 s`, `3 min`. */
export function timeText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`
}
