/** The percentiles that times are told in. */
export const percentiles = [50, 90, 99] as const
export type Percentile = (typeof percentiles)[number]

/** Times of one request: to its first token, between its tokens, and to the end of its answer. */
export const timeMetrics = ['ttft', 'itl', 'e2e'] as const
export type TimeMetric = (typeof timeMetrics)[number]

/**
 * `output` counts the tokens per second of all answers together; `decode` and `prefill` are medians of one request;
 * `requests` are answered per second.
 */
export const rateMetrics = ['output', 'decode', 'prefill', 'requests'] as const
export type RateMetric = (typeof rateMetrics)[number]

/** Shares of the requests, and of the engine's cache of keys and values at most, from 0 to 1. */
export const shareMetrics = ['errors', 'goodput', 'cache'] as const
export type ShareMetric = (typeof shareMetrics)[number]

/** Counted by the engine itself while a step runs. */
export const countMetrics = ['preemptions'] as const
export type CountMetric = (typeof countMetrics)[number]

/** Where a limit holds: at one number of users, at one rate, or at every step. */
export type LoadPlace =
  | { type: 'everywhere' }
  | { type: 'users'; users: number }
  | { type: 'rate'; perSecond: number }

/** One limit of a load. `value` is in ms for times, per second for rates and a share for shares. */
export interface LoadLimit {
  text: string
  metric: TimeMetric | RateMetric | ShareMetric | CountMetric
  /** Null for what is no time. */
  percentile: Percentile | null
  comparison: '<=' | '>='
  value: number
  at: LoadPlace
}

const number = String.raw`(?<value>\d+(?:\.\d+)?)`
const forms = [
  new RegExp(`^(?<metric>ttft|itl|e2e) p(?<percentile>50|90|99) (?<comparison><=) ${number} ?(?<unit>ms|s)$`),
  new RegExp(`^(?<metric>output|decode|prefill) (?<comparison>>=) ${number} tokens/s$`),
  new RegExp(`^(?<metric>requests) (?<comparison>>=) ${number} requests/s$`),
  new RegExp(`^(?<metric>errors|cache) (?<comparison><=) ${number} ?(?<unit>%)$`),
  new RegExp(`^(?<metric>preemptions) (?<comparison><=) ${number}$`),
  new RegExp(`^(?<metric>goodput) (?<comparison>>=) ${number} ?(?<unit>%)$`),
]
const placeForm = /^(?<limit>.*?) at (?:(?<users>\d+) users?|(?<rate>\d+(?:\.\d+)?) requests\/s)$/

/** What a limit may look like, for people. */
export const limitForms =
  'a limit such as "ttft p99 <= 800ms at 8 users", "itl p90 <= 50ms", "e2e p50 <= 2s", "output >= 200 tokens/s", "decode >= 20 tokens/s", "prefill >= 500 tokens/s", "requests >= 2 requests/s at 2 requests/s", "errors <= 0%", "goodput >= 95%", "cache <= 90%" or "preemptions <= 0"'

/** Reads one limit; null where it has none of the forms. */
export function parseLoadLimit(text: string): LoadLimit | null {
  const placed = placeForm.exec(text)?.groups
  const limit = placed?.['limit'] ?? text
  const found = forms.map((form) => form.exec(limit)?.groups).find((groups) => groups !== undefined)
  if (found === undefined) return null
  const value = inBaseUnit(Number(found['value']), found['unit'])
  if (found['unit'] === '%' && value > 1) return null
  return {
    text,
    // The forms name these and no others.
    metric: found['metric'] as LoadLimit['metric'],
    percentile: found['percentile'] === undefined ? null : (Number(found['percentile']) as Percentile),
    comparison: found['comparison'] as LoadLimit['comparison'],
    value,
    at: placeOf(placed),
  }
}

/** Milliseconds, and a share of 1. Of 95 % a hundredth of 95 is 0.95, and 95 times 0.01 is a little more. */
function inBaseUnit(value: number, unit: string | undefined): number {
  if (unit === 's') return value * 1000
  return unit === '%' ? value / 100 : value
}

function placeOf(groups: Record<string, string | undefined> | undefined): LoadPlace {
  const { users, rate } = groups ?? {}
  if (users !== undefined) return { type: 'users', users: Number(users) }
  return rate === undefined ? { type: 'everywhere' } : { type: 'rate', perSecond: Number(rate) }
}

/** A time such as `800ms` or `2s`, in milliseconds; null where it is none. */
export function parseTime(text: string): number | null {
  const found = /^(\d+(?:\.\d+)?) ?(ms|s)$/.exec(text)
  return found === null ? null : inBaseUnit(Number(found[1]), found[2])
}
