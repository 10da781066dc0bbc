import type { LoadReport } from '../load/load-report.ts'
import type { LoadComparison } from '../load/regression.ts'
import { joinedStatus, type LimitResult } from '../quality/limit-result.ts'
import type { QualityReport } from '../quality/quality-report.ts'
import {
  constancyWords,
  engineHead,
  engineRows,
  lengthWords,
  loadMachineWords,
  loadWords,
  modelHead,
  modelRow,
  noiseWords,
  preciseMs,
  quantileWords,
  ratesHead,
  ratesRow,
  rateWords,
  shareWords,
  stepTitle,
  timesHead,
  timesRow,
} from './load-words.ts'
import { markdownTable } from './markdown.ts'
import {
  answerHead,
  answerRow,
  qualityWords,
  questionHead,
  questionRow,
  sideHead,
  sideRows,
} from './quality-words.ts'

/** The report of a bench for a terminal. */
export function loadText(report: LoadReport): string {
  const { quality } = report
  const judgements = [report.judgement, ...(quality === undefined ? [] : [quality.judgement])]
  return [
    `${report.name}: ${report.engine.id} ${report.engine.version} serves ${report.model}`,
    ...(quality === undefined ? [] : qualityLines(quality)),
    ...(report.steps.length === 0 ? [] : stepLines(report)),
    ...judgements.flatMap(({ limits }) =>
      limits.map(({ limit, at, status, observed }) => `  ${status.padEnd(7)} ${limit}: ${observed} (${at})`),
    ),
    ...(report.comparison === undefined ? [] : comparisonLines(report.comparison)),
    `limits: ${joinedStatus(judgements)}`,
    report.image,
    '',
  ].join('\n')
}

function stepLines(report: LoadReport): string[] {
  return [
    loadWords(report),
    'p50 / p90 / p99:',
    ...report.steps.map((step) => {
      const { figures } = step
      return `  ${stepTitle(step).padEnd(18)} ttft ${quantileWords(figures.ttftMs)}, between tokens ${quantileWords(figures.itlMs)}, ${rateWords(figures.outputTokensPerSecond)} tokens/s, errors ${shareWords(figures.errors)}`
    }),
    ...engineLines(report),
    constancyWords(report),
    lengthWords(report),
    noiseWords(report),
  ]
}

function engineLines(report: LoadReport): string[] {
  const rows = engineRows(report).map(
    ([load = '', cache, preemptions, running, waiting]) =>
      `  ${load.padEnd(18)} cache ${cache}, preemptions ${preemptions}, running ${running}, waiting ${waiting}`,
  )
  return rows.length === 0 ? [] : ['as the engine said of itself (at most):', ...rows]
}

function qualityLines(quality: QualityReport): string[] {
  const wrong = quality.questions.filter(({ right }) => !right)
  const others = quality.answers?.answers.filter(({ status }) => status !== 'same') ?? []
  const rows = [...others.map(answerRow), ...wrong.map(questionRow)]
  return [
    ...qualityWords(quality),
    ...(quality.divergence === undefined
      ? []
      : sideRows(quality.divergence).map(
          ([weights, size, perplexity, prompt, output]) =>
            `  ${weights}: ${size}, perplexity ${perplexity}, prompt ${prompt} tokens/s, output ${output} tokens/s`,
        )),
    ...rows.map(
      ([asked, result, expected, found]) =>
        `  ${result}: ${asked}\n    expected ${JSON.stringify(expected)}\n    found    ${JSON.stringify(found)}`,
    ),
  ]
}

function comparisonLines({ status, before, why, figures }: LoadComparison): string[] {
  return [
    `beside ${before}: ${status}${why.length === 0 ? '' : ` (${why.join('; ')})`}`,
    ...figures.map(
      ({ at, metric, beforeMs, nowMs, tolerance, verdict }) =>
        `  ${verdict.padEnd(7)} ${metric} at ${at}: ${preciseMs(nowMs)} after ${preciseMs(beforeMs)}, noise ${shareWords(tolerance)}`,
    ),
  ]
}

/** The report of a bench for people, as Markdown. */
export function loadMarkdown(report: LoadReport): string {
  const { judgement, comparison, quality } = report
  const judgements = [judgement, ...(quality === undefined ? [] : [quality.judgement])]
  const limits = judgements.flatMap((one) => one.limits)
  return [
    `# ${report.name}: ${joinedStatus(judgements)}`,
    '',
    `\`${report.image}\`, plan \`${report.plan}\`, ${report.createdAt}`,
    '',
    `${report.engine.id} ${report.engine.version} serving ${report.model}. On ${loadMachineWords(report)}.`,
    ...(quality === undefined ? [] : qualityMarkdown(quality)),
    ...(report.steps.length === 0 ? [] : stepsMarkdown(report)),
    ...(limits.length === 0 ? [] : ['', '## Limits', '', ...markdownTable(limitHead, limits.map(limitRow))]),
    ...(comparison === undefined ? [] : ['', '## Beside an accepted report', '', ...besides(comparison)]),
    ...errorLines(report),
    '',
  ].join('\n')
}

const plain = (head: readonly string[]) => head.map((name) => name.replace('#', ''))

function stepsMarkdown(report: LoadReport): string[] {
  const engine = engineRows(report)
  return [
    '',
    '## Load',
    '',
    `${loadWords(report)} ${noiseWords(report)}`,
    '',
    ...markdownTable(plain(timesHead), report.steps.map(timesRow)),
    '',
    ...markdownTable(plain(ratesHead), report.steps.map(ratesRow)),
    ...(engine.length === 0 ? [] : ['', ...markdownTable(plain(engineHead), engine)]),
    '',
    '## T = L_in * T_p + L_out * T_d',
    '',
    constancyWords(report),
    '',
    ...markdownTable(plain(modelHead), report.steps.map(modelRow)),
    '',
    lengthWords(report),
  ]
}

function qualityMarkdown(quality: QualityReport): string[] {
  const { answers, questions, divergence } = quality
  return [
    '',
    '## Answers',
    '',
    qualityWords(quality).join(' '),
    ...(divergence === undefined ? [] : ['', ...markdownTable(plain(sideHead), sideRows(divergence))]),
    ...(answers === undefined ? [] : ['', ...markdownTable(answerHead, answers.answers.map(answerRow))]),
    ...(questions.length === 0 ? [] : ['', ...markdownTable(questionHead, questions.map(questionRow))]),
  ]
}

const limitHead = ['limit', 'at', 'result', 'observed']

function limitRow({ limit, at, status, observed }: LimitResult): string[] {
  return [limit, at, status, observed]
}

function besides(comparison: LoadComparison): string[] {
  const [first = '', ...rows] = comparisonLines(comparison)
  return [first, '', ...rows.map((row) => `- ${row.trim()}`)]
}

/** Each kind of error once, with how often it came. */
function errorLines({ steps }: LoadReport): string[] {
  const errors = steps.flatMap(({ requests }) => requests.flatMap(({ error }) => error ?? []))
  const kinds = [...Map.groupBy(errors, (words) => words)]
  return kinds.length === 0
    ? []
    : ['', '## Errors', '', ...kinds.map(([words, all]) => `- ${all.length} times: ${words}`)]
}
