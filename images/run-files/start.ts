import { formatBytes } from '../../lib/bytes.ts'

/** How long a start may take, and the sentence that says why. */
export interface StartAllowance {
  seconds: number
  origin: string
}

export interface StartFigures {
  /** From start to the first token in the boot; undefined where none measured it. */
  readyMs: number | undefined
  weightsBytes: number
  /** The recipe's longest wait for a start. */
  recipeSeconds: number
  /** What the engine compiles, tunes and captures after the weights are read, at most. */
  engineSeconds: number
}

// What a restart under load takes more than the boot that was measured on a quiet machine.
const startFactor = 4
const leastSeconds = 60

/**
 * Bytes of weights a second from a cold disk or a share: a plain network volume of a cloud. A start that is cut off begins
 * again and never ends, so the rate is a low one.
 */
const readBytesPerSecond = 100e6

/** A boot has read the weights from a warm cache, perhaps; the next node has not. */
export function startAllowance(figures: StartFigures): StartAllowance {
  const { readyMs, weightsBytes } = figures
  const readSeconds = weightsBytes / readBytesPerSecond
  const reading = `${formatBytes(weightsBytes)} of weights at ${readBytesPerSecond / 1e6} MB/s`
  if (readyMs === undefined) {
    const ownSeconds = Math.max(figures.recipeSeconds, figures.engineSeconds)
    const seconds = Math.ceil(ownSeconds + readSeconds)
    return {
      seconds,
      origin: `Start: no boot measured it; ${seconds} s are allowed: ${ownSeconds} s for the server and ${reading}.`,
    }
  }
  const readySeconds = readyMs / 1000
  const seconds = Math.ceil(Math.max(leastSeconds, readySeconds * startFactor, readySeconds + readSeconds))
  return {
    seconds,
    origin: `Start: ready after ${readySeconds.toFixed(1)} s in the boot; ${seconds} s are allowed: ${startFactor} times that, time for ${reading}, and at least ${leastSeconds} s.`,
  }
}
