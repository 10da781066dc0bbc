/** Numbers from 0 to 1 that a seed decides: mulberry32 by Tommy Ettinger, public domain. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/**
 * When requests are due that come at a rate and do not know of each other, in ms from the beginning: the times between them are
 * drawn from an exponential distribution.
 */
export function arrivalTimes(count: number, perSecond: number, seed: number): number[] {
  const next = randomNumbers(seed)
  let dueMs = 0
  return Array.from({ length: count }, (_, index) => {
    if (index > 0) dueMs += (-Math.log(1 - next()) * 1000) / perSecond
    return dueMs
  })
}
