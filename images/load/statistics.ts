import { type Percentile, percentiles } from '../../recipes/load-limits.ts'

/** Percentiles of one kind of figure. */
export type Quantiles = Record<`p${Percentile}`, number>

/**
 * Percentiles by the nearest rank: the smallest value that is not below so many percent of them, so each was measured. Null
 * without values. Of fewer than 100 values p99 is the largest.
 */
export function quantilesOf(values: readonly number[]): Quantiles | null {
  if (values.length === 0) return null
  const sorted = values.toSorted((a, b) => a - b)
  const at = (percentile: Percentile) => sorted[Math.ceil((percentile / 100) * sorted.length) - 1] ?? 0
  const [p50, p90, p99] = percentiles.map(at)
  return { p50: p50 ?? 0, p90: p90 ?? 0, p99: p99 ?? 0 }
}

/** One answered request for the model of time: tokens that were computed, and the time of the whole answer. */
export interface TimedLengths {
  inputTokens: number
  outputTokens: number
  totalMs: number
}

/** `T = L_in * T_p + L_out * T_d`, and how far the requests lie from it. */
export interface TimeModel {
  /** T_p, of one token of a prompt. */
  prefillMsPerToken: number
  /** T_d, of one token of an answer. */
  decodeMsPerToken: number
  /** Root of the mean squared distance, as a share of the mean time. */
  residual: number
  requests: number
}

/**
 * Least squares through the origin. Null with fewer than three requests, and where their lengths have one proportion, so that
 * the two times cannot be told apart.
 */
export function fitTimes(requests: readonly TimedLengths[]): TimeModel | null {
  if (requests.length < 3) return null
  const sum = (of: (request: TimedLengths) => number) => requests.reduce((all, one) => all + of(one), 0)
  const inIn = sum(({ inputTokens }) => inputTokens ** 2)
  const outOut = sum(({ outputTokens }) => outputTokens ** 2)
  const inOut = sum(({ inputTokens, outputTokens }) => inputTokens * outputTokens)
  const determinant = inIn * outOut - inOut ** 2
  // 1 less the squared cosine between the lengths: what is as small as this tells noise and no times.
  if (determinant <= 0.01 * inIn * outOut) return null
  const inTime = sum(({ inputTokens, totalMs }) => inputTokens * totalMs)
  const outTime = sum(({ outputTokens, totalMs }) => outputTokens * totalMs)
  const prefillMsPerToken = (inTime * outOut - outTime * inOut) / determinant
  const decodeMsPerToken = (outTime * inIn - inTime * inOut) / determinant
  const squared = sum(
    ({ inputTokens, outputTokens, totalMs }) =>
      (totalMs - inputTokens * prefillMsPerToken - outputTokens * decodeMsPerToken) ** 2,
  )
  const mean = sum(({ totalMs }) => totalMs) / requests.length
  const residual = Math.sqrt(squared / requests.length) / mean
  return { prefillMsPerToken, decodeMsPerToken, residual, requests: requests.length }
}

/** How far two figures are apart, as a share of their mean; null where one is missing. */
export function spreadOf(first: number | null, second: number | null): number | null {
  if (first === null || second === null || first + second === 0) return null
  return (2 * Math.abs(first - second)) / (first + second)
}
