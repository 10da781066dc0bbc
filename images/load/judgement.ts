import { formatMs } from '../../lib/duration.ts'
import { type LoadLimit, type LoadPlace, parseLoadLimit } from '../../recipes/load-limits.ts'
import type { JudgementStatus, LimitJudgement, LimitResult } from '../quality/limit-result.ts'
import { type LoadPattern, type LoadStep, patternWords } from './step.ts'

/** `busy` is why the machine is not comparable; somebody who wants a judgement all the same passes nothing. */
export function judgeLoad(
  steps: readonly LoadStep[],
  texts: readonly string[],
  busy: readonly string[],
): LimitJudgement {
  const results = texts.flatMap((text) => resultsOf(text, steps))
  return { status: statusOf(results, busy), limits: results }
}

function statusOf(results: readonly LimitResult[], busy: readonly string[]): JudgementStatus {
  if (results.length === 0) return 'no limits'
  if (busy.length > 0) return 'not comparable'
  return results.every(({ status }) => status === 'passed') ? 'passed' : 'failed'
}

function resultsOf(text: string, steps: readonly LoadStep[]): LimitResult[] {
  const limit = parseLoadLimit(text)
  if (limit === null) return [missing(text, 'nowhere', 'the limit cannot be read')]
  const fitting = steps.filter(({ pattern }) => isAt(limit.at, pattern))
  if (fitting.length === 0) return [missing(text, 'nowhere', 'no step of this load was measured')]
  return fitting.map((step) => {
    const { pattern, isRepeat } = step
    const at = `${patternWords(pattern)}${isRepeat ? ', again' : ''}`
    const value = measuredValue(limit, step)
    if (value === null || !Number.isFinite(value)) return missing(text, at, nothingWords(limit))
    const good = limit.comparison === '<=' ? value <= limit.value : value >= limit.value
    return { limit: text, at, status: good ? 'passed' : 'failed', observed: valueWords(limit, value) }
  })
}

function missing(limit: string, at: string, observed: string): LimitResult {
  return { limit, at, status: 'missing', observed }
}

function isAt(place: LoadPlace, pattern: LoadPattern): boolean {
  switch (place.type) {
    case 'everywhere':
      return true
    case 'users':
      return pattern.type === 'users' && pattern.users === place.users
    case 'rate':
      return pattern.type === 'rate' && pattern.perSecond === place.perSecond
  }
}

/** In the unit of the limit; null where nothing was measured. */
function measuredValue({ metric, percentile }: LoadLimit, { figures, engine }: LoadStep): number | null {
  switch (metric) {
    case 'ttft':
    case 'itl':
    case 'e2e':
      return figures[`${metric}Ms`]?.[`p${percentile ?? 50}`] ?? null
    case 'output':
      return figures.outputTokensPerSecond
    case 'decode':
      return figures.decodeTokensPerSecond
    case 'prefill':
      return figures.prefillTokensPerSecond
    case 'requests':
      return figures.requestsPerSecond
    case 'errors':
      return figures.errors
    case 'goodput':
      return figures.goodput
    case 'cache':
      return engine?.cachePeak ?? null
    case 'preemptions':
      return engine?.preemptions ?? null
  }
}

function nothingWords({ metric }: LoadLimit): string {
  return metric === 'cache' || metric === 'preemptions'
    ? 'the engine does not tell it'
    : 'nothing was measured'
}

function valueWords({ metric, percentile }: LoadLimit, value: number): string {
  if (percentile !== null) return value < 100 ? `${value.toFixed(1)} ms` : formatMs(value)
  if (metric === 'preemptions') return String(value)
  if (metric === 'errors' || metric === 'goodput' || metric === 'cache')
    return `${(value * 100).toFixed(1)} %`
  return `${value.toFixed(1)} ${metric === 'requests' ? 'requests/s' : 'tokens/s'}`
}
