import type { EngineUse } from './engine-use.ts'
import type { Quantiles, TimeModel } from './statistics.ts'

/** One request of a load. Times are in ms. */
export interface LoadRequest {
  /** From the beginning of the step until it was due: when it was sent, in a closed loop. */
  dueMs: number
  /** From when it was due until it was sent; more than a little only where this program was late. */
  lateMs: number
  /** From when it was due to the first text. */
  ttftMs: number | null
  /** (last - first) / (tokens - 1), as guidellm and aiperf count it; null for fewer than two tokens. */
  itlMs: number | null
  /** From when it was due to the end of the answer. */
  e2eMs: number
  longestGapMs: number
  /** By the server's own count; of the tokens of the prompt `cachedTokens` were not computed. */
  inputTokens: number | null
  cachedTokens: number | null
  outputTokens: number
  /** `pieces` counts the events with text where the server gives no count. */
  outputFrom: 'usage' | 'pieces'
  error: string | null
}

/** What makes the requests of a step: users who wait for their answers, or times that know nothing of answers. */
export type LoadPattern = { type: 'users'; users: number } | { type: 'rate'; perSecond: number }

/** Figures of one step; null where nothing was answered, or not counted. */
export interface LoadFigures {
  requests: number
  /** Share of the requests without a whole answer. */
  errors: number
  ttftMs: Quantiles | null
  itlMs: Quantiles | null
  e2eMs: Quantiles | null
  /** Medians of one request: computed tokens of the prompt by the time to the first token, and tokens per second after it. */
  prefillTokensPerSecond: number | null
  decodeTokensPerSecond: number | null
  /** Of all answers together, over the time of the step. */
  outputTokensPerSecond: number
  requestsPerSecond: number
  /** Mean number of requests under way. */
  meanInFlight: number
  /** Share of the requests that kept the objectives; null where the recipe has none. */
  goodput: number | null
  model: TimeModel | null
}

export interface LoadStep {
  pattern: LoadPattern
  /** The first step is made once more at the end, to see how much the machine changed. */
  isRepeat: boolean
  durationMs: number
  figures: LoadFigures
  requests: LoadRequest[]
  /** What the engine said of itself; absent where it says nothing. */
  engine?: EngineUse
}

/** `4 users` or `2.5 requests/s`. */
export function patternWords(pattern: LoadPattern): string {
  if (pattern.type === 'rate') return `${pattern.perSecond} requests/s`
  return pattern.users === 1 ? '1 user' : `${pattern.users} users`
}
