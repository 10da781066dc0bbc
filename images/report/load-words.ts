import { formatBytes } from '../../lib/bytes.ts'
import type { LoadReport } from '../load/load-report.ts'
import type { Quantiles } from '../load/statistics.ts'
import { type LoadStep, patternWords } from '../load/step.ts'

export function stepTitle({ pattern, isRepeat }: LoadStep): string {
  return `${patternWords(pattern)}${isRepeat ? ', again' : ''}`
}

/** A time with three digits that count: `8.41 ms`, `123 ms`, `2.35 s`. */
export function preciseMs(ms: number): string {
  if (ms === 0) return '0 ms'
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`
  return `${ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2)} ms`
}

export function quantileWords(quantiles: Quantiles | null): string {
  if (quantiles === null) return '–'
  return [quantiles.p50, quantiles.p90, quantiles.p99].map(preciseMs).join(' / ')
}

export function rateWords(value: number | null): string {
  return value === null ? '–' : value.toFixed(value < 10 ? 2 : 1)
}

export function shareWords(value: number | null): string {
  return value === null ? '–' : `${(value * 100).toFixed(1)} %`
}

/** Heads of the columns that `timesRow` fills; # marks numbers. */
export const timesHead = ['load', '#ttft p50 / p90 / p99', '#between tokens', '#to the end', '#errors']

export function timesRow(step: LoadStep): string[] {
  const { ttftMs, itlMs, e2eMs, errors } = step.figures
  return [stepTitle(step), ...[ttftMs, itlMs, e2eMs].map(quantileWords), shareWords(errors)]
}

/** Heads of the columns that `ratesRow` fills. */
export const ratesHead = [
  'load',
  '#prefill tokens/s',
  '#decode tokens/s',
  '#all tokens/s',
  '#requests/s',
  '#under way',
  '#goodput',
]

export function ratesRow(step: LoadStep): string[] {
  const { figures } = step
  return [
    stepTitle(step),
    ...[figures.prefillTokensPerSecond, figures.decodeTokensPerSecond].map(rateWords),
    ...[figures.outputTokensPerSecond, figures.requestsPerSecond, figures.meanInFlight].map(rateWords),
    shareWords(figures.goodput),
  ]
}

/** Heads of the columns that `engineRow` fills. */
export const engineHead = [
  'load',
  '#cache taken, at most',
  '#preemptions',
  '#running, at most',
  '#waiting, at most',
  '#readings',
]

/** What the engine said of itself in each step; none where it says nothing. */
export function engineRows({ steps }: LoadReport): string[][] {
  const count = (value: number | null) => (value === null ? '–' : String(value))
  return steps.flatMap((step) => {
    const { engine } = step
    if (engine === undefined) return []
    const { cachePeak, preemptions, runningPeak, waitingPeak, readings } = engine
    const counts = [preemptions, runningPeak, waitingPeak, readings].map(count)
    return [[stepTitle(step), shareWords(cachePeak), ...counts]]
  })
}

export const modelHead = ['load', '#T_p', '#T_d', '#residual', '#requests']

export function modelRow(step: LoadStep): string[] {
  const { model } = step.figures
  if (model === null) return [stepTitle(step), '–', '–', '–', '–']
  return [
    stepTitle(step),
    preciseMs(model.prefillMsPerToken),
    preciseMs(model.decodeMsPerToken),
    shareWords(model.residual),
    String(model.requests),
  ]
}

/** T_d counts as constant while it grows by no more than this. */
const constantShare = 0.1

/** Up to how many users the time of a decoded token stays what it is for the fewest. */
export function constancyWords({ steps }: LoadReport): string {
  const fitted = steps.flatMap(({ pattern, isRepeat, figures: { model } }) =>
    pattern.type === 'users' && !isRepeat && model !== null ? [{ users: pattern.users, model }] : [],
  )
  const [first, ...rest] = fitted.toSorted((a, b) => a.users - b.users)
  if (first === undefined || rest.length === 0)
    return 'Whether T_d stays constant cannot be said: fewer than two steps of users could be fitted.'
  const most = first.model.decodeMsPerToken * (1 + constantShare)
  const broken = rest.find(({ model }) => model.decodeMsPerToken > most)
  const last = rest.at(-1)?.users ?? first.users
  if (broken === undefined)
    return `T_d stays within 10 % of what it is at ${first.users} up to ${last} users, the most that were tried.`
  const good = [first, ...rest].filter(({ users }) => users < broken.users).at(-1)?.users ?? first.users
  const factor = broken.model.decodeMsPerToken / first.model.decodeMsPerToken
  return `T_d stays within 10 % of what it is at ${first.users} up to ${good}; at ${broken.users} users it is ${factor.toFixed(1)} times as long.`
}

/** What was asked, in one line. */
export function loadWords({ load, tokenRate, prompts }: LoadReport): string {
  if (prompts !== undefined)
    return `${load.requests} requests a step, in turn of the ${prompts.count} prompts of ${prompts.file} (sha256 ${prompts.sha256.slice(0, 12)}).`
  const shapes = load.shapes.map(
    ({ inputTokens, outputTokens }) => `${inputTokens} in and ${outputTokens} out`,
  )
  const counted =
    tokenRate.from === 'usage'
      ? 'by the server’s own count'
      : 'assumed, since the server counts no tokens of prompts'
  return `${load.requests} requests a step, in turn of ${shapes.join('; ')} tokens (${counted}).`
}

export function loadMachineWords({ machine, processor, gpus }: LoadReport): string {
  const cards = machine.gpus.map(({ name }) => name).join(', ')
  return [
    `${machine.runner} ${machine.version}`,
    `Linux ${machine.kernel}`,
    `${machine.cpus} CPUs (${processor ?? 'name unknown'})`,
    formatBytes(machine.memoryBytes),
    gpus === 0 ? 'no GPU handed over' : `${gpus} of ${cards}`,
  ].join(', ')
}

/** What the run says of the machine itself. */
export function noiseWords({ noise }: LoadReport): string {
  const { idleOthers, stolen, spread, busy } = noise
  const others =
    idleOthers.length === 0
      ? 'what others did is not known'
      : `others used at most ${shareWords(Math.max(...idleOthers))} of the processors while the server was idle`
  const seen = `${others}; stolen ${shareWords(stolen)}; the first step and its repeat differ in the medians of ttft, itl and e2e by ${[spread.ttft, spread.itl, spread.e2e].map(shareWords).join(', ')}`
  return busy.length === 0 ? `Quiet: ${seen}.` : `Busy, so nothing is comparable: ${busy.join('; ')}.`
}

/** Tokens of the prompts and answers as they were, since servers may stop before the length that was asked for. */
export function lengthWords({ steps }: LoadReport): string {
  const answered = steps.flatMap(({ requests }) => requests.filter(({ error }) => error === null))
  const range = (values: readonly number[]) =>
    values.length === 0 ? 'unknown' : `${Math.min(...values)} to ${Math.max(...values)}`
  const cached = answered.reduce((sum, { cachedTokens }) => sum + (cachedTokens ?? 0), 0)
  const late = Math.max(0, ...answered.map(({ lateMs }) => lateMs))
  return `Prompts had ${range(answered.flatMap(({ inputTokens }) => inputTokens ?? []))} tokens, ${cached} of all were read from a cache; answers had ${range(answered.map(({ outputTokens }) => outputTokens))}. No request was sent more than ${preciseMs(late)} after it was due.`
}
