import type { RecipeLoad } from '../../recipes/load.ts'
import { parseTime } from '../../recipes/load-limits.ts'
import { fitTimes, quantilesOf, type TimedLengths } from './statistics.ts'
import type { LoadFigures, LoadRequest } from './step.ts'

/** Figures of a step from its requests and the time that all of them took. */
export function figuresOf(
  requests: readonly LoadRequest[],
  durationMs: number,
  objectives: RecipeLoad['objectives'],
): LoadFigures {
  const answered = requests.filter(({ error }) => error === null)
  const seconds = durationMs / 1000
  const tokens = answered.reduce((sum, { outputTokens }) => sum + outputTokens, 0)
  return {
    requests: requests.length,
    errors: requests.length === 0 ? 0 : 1 - answered.length / requests.length,
    ttftMs: quantilesOf(answered.flatMap(({ ttftMs }) => ttftMs ?? [])),
    itlMs: quantilesOf(answered.flatMap(({ itlMs }) => itlMs ?? [])),
    e2eMs: quantilesOf(answered.map(({ e2eMs }) => e2eMs)),
    prefillTokensPerSecond: quantilesOf(answered.flatMap(prefillRate))?.p50 ?? null,
    decodeTokensPerSecond:
      quantilesOf(answered.flatMap(({ itlMs }) => (itlMs === null ? [] : 1000 / itlMs)))?.p50 ?? null,
    outputTokensPerSecond: tokens / seconds,
    requestsPerSecond: answered.length / seconds,
    meanInFlight: requests.reduce((sum, { e2eMs }) => sum + e2eMs, 0) / durationMs,
    goodput: goodputOf(requests, objectives),
    model: fitTimes(answered.flatMap(lengthsOf)),
  }
}

function computedTokens({ inputTokens, cachedTokens }: LoadRequest): number | null {
  return inputTokens === null ? null : Math.max(0, inputTokens - (cachedTokens ?? 0))
}

function prefillRate(request: LoadRequest): number | [] {
  const tokens = computedTokens(request)
  return tokens === null || request.ttftMs === null ? [] : (tokens * 1000) / request.ttftMs
}

function lengthsOf(request: LoadRequest): TimedLengths | [] {
  const inputTokens = computedTokens(request)
  return inputTokens === null
    ? []
    : { inputTokens, outputTokens: request.outputTokens, totalMs: request.e2eMs }
}

function goodputOf(requests: readonly LoadRequest[], objectives: RecipeLoad['objectives']): number | null {
  const { ttft, itl, e2e } = objectives ?? {}
  if ((ttft ?? itl ?? e2e) === undefined || requests.length === 0) return null
  const keeps = (value: number | null, most: string | undefined) =>
    most === undefined || (value !== null && value <= (parseTime(most) ?? 0))
  const good = requests.filter(
    ({ error, ttftMs, itlMs, e2eMs }) =>
      error === null && keeps(ttftMs, ttft) && keeps(itlMs, itl) && keeps(e2eMs, e2e),
  )
  return good.length / requests.length
}
