import { parseLoadLimit, type TimeMetric } from '../../recipes/load-limits.ts'
import type { LoadReport } from '../load/load-report.ts'
import { joinedStatus, type LimitJudgement } from '../quality/limit-result.ts'
import type { QualityReport } from '../quality/quality-report.ts'
import { type Curve, curvePlot } from './curves.ts'
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
  ratesHead,
  ratesRow,
  rateWords,
  shareWords,
  stepTitle,
  timesHead,
  timesRow,
} from './load-words.ts'
import { escapeMarkup as e } from './markup.ts'
import { figure, folded, pageHead, section, table } from './page.ts'
import {
  answerHead,
  answerRow,
  qualityWords,
  questionHead,
  questionRow,
  sideHead,
  sideRows,
} from './quality-words.ts'

/** The report of a bench as one page that needs nothing else. */
export function loadHtml(report: LoadReport): string {
  const { name, judgement, engine, model, quality, steps } = report
  const status = joinedStatus([judgement, ...(quality === undefined ? [] : [quality.judgement])])
  const words = steps.length === 0 ? [] : [loadWords(report), noiseWords(report)]
  return `${pageHead(`${name} on the bench`, status)}
<p>${e(engine.id)} ${e(engine.version)} serving <strong>${e(model)}</strong>.</p>
${words.map((line) => `<p>${e(line)}</p>`).join('\n')}
<p class="faint">image <code>${report.image}</code><br>plan <code>${report.plan}</code><br>${e(loadMachineWords(report))}</p>
</header>
<main>
${quality === undefined ? '' : qualitySection(quality)}
${steps.length === 0 ? '' : [latencySection(report), modelSection(report)].join('\n')}
${limitSection(judgement, 'Limits of the load')}
${comparisonSection(report)}
${steps.length === 0 ? '' : runsSection(report)}
</main>
<footer>Made by ingot, ${e(report.createdAt)}.</footer>
</body>
</html>
`
}

function qualitySection(quality: QualityReport): string {
  const { answers, questions, divergence, judgement } = quality
  return [
    section(
      'Answers',
      [
        ...qualityWords(quality).map((words) => `<p>${e(words)}</p>`),
        divergence === undefined
          ? ''
          : table('The weights beside those they are compared with', sideHead, escaped(sideRows(divergence))),
        table(
          'Recorded answers and those of now',
          answerHead,
          marked(
            (answers?.answers ?? []).map(answerRow),
            1,
            // Nothing follows from answers of another machine.
            (answers?.why.length ?? 0) > 0 ? 'not-comparable' : 'failed',
          ),
        ),
        table(
          'Questions with an answer that can be checked',
          questionHead,
          marked(questions.map(questionRow), 1),
        ),
      ].join(''),
    ),
    limitSection(judgement, 'Limits of the answers'),
  ].join('\n')
}

const escaped = (rows: readonly string[][]) => rows.map((cells) => cells.map(e))

const goodWords = ['right', 'same', 'better']

/** The same with one column as marks, by its first word; `other` is the mark of what is not good. */
function marked(rows: readonly string[][], column: number, other = 'failed'): string[][] {
  return rows.map((cells) =>
    cells.map((cell, index) => {
      if (index !== column) return e(cell)
      const [word = ''] = cell.split(' ')
      return `<span class="mark ${goodWords.includes(word) ? 'passed' : other}">${e(cell)}</span>`
    }),
  )
}

function latencySection(report: LoadReport): string {
  return section(
    'Latency and throughput',
    [
      latencyPlot(report, 'ttft', 'Time to the first token'),
      latencyPlot(report, 'itl', 'Time between tokens'),
      throughputPlot(report),
      table('Percentiles by the nearest rank', timesHead, escaped(report.steps.map(timesRow))),
      table('Of one request (medians), and of all together', ratesHead, escaped(report.steps.map(ratesRow))),
      table('What the engine said of itself', engineHead, escaped(engineRows(report))),
      `<p>${e(lengthWords(report))}</p>`,
    ].join(''),
  )
}

/** Steps of users, the repeat left out. */
function userSteps({ steps }: LoadReport) {
  return steps.flatMap((step) =>
    step.pattern.type === 'users' && !step.isRepeat ? [{ users: step.pattern.users, step }] : [],
  )
}

function latencyPlot(report: LoadReport, metric: TimeMetric, title: string): string {
  const steps = userSteps(report)
  const curves: Curve[] = (['p50', 'p90', 'p99'] as const).map((percentile, colour) => ({
    name: percentile,
    colour: [0, 3, 5][colour] ?? 0,
    points: steps.flatMap(({ users, step }) => {
      const y = step.figures[`${metric}Ms`]?.[percentile]
      return y === undefined ? [] : { x: users, y, label: stepTitle(step) }
    }),
  }))
  if ((curves[0]?.points.length ?? 0) === 0) return ''
  const words = `${title} by the number of users: ${curves[0]?.points.map(({ label, y }) => `${label} ${preciseMs(y)}`).join(', ')} (medians).`
  const plot = curvePlot({
    ...{ id: metric, title, description: words, curves, limits: limitsOf(report, metric) },
    x: { name: 'users', format: (value) => String(value), places: steps.map(({ users }) => users) },
    y: { name: title, format: preciseMs },
  })
  return figure(plot, words)
}

function throughputPlot(report: LoadReport): string {
  const points = userSteps(report).flatMap(({ step }) => {
    const y = step.figures.e2eMs?.p90
    return y === undefined ? [] : { x: step.figures.outputTokensPerSecond, y, label: stepTitle(step) }
  })
  if (points.length === 0) return ''
  const words = `What all users together get, and what it costs: ${points.map(({ label, x, y }) => `${label} ${rateWords(x)} tokens/s, ${preciseMs(y)}`).join('; ')}.`
  const plot = curvePlot({
    ...{ id: 'throughput', title: 'Throughput and latency', description: words },
    x: { name: 'tokens/s of all answers', format: (value) => String(Math.round(value * 10) / 10) },
    y: { name: 'p90 to the end of an answer', format: preciseMs },
    curves: [{ name: 'e2e p90', colour: 0, points }],
    isLabelled: true,
    limits: limitsOf(report, 'e2e'),
  })
  return figure(plot, words)
}

function limitsOf({ load }: LoadReport, metric: TimeMetric) {
  return load.limits.flatMap((text) => {
    const limit = parseLoadLimit(text)
    return limit?.metric === metric ? { label: text, y: limit.value } : []
  })
}

function modelSection(report: LoadReport): string {
  return section(
    'T = L_in × T_p + L_out × T_d',
    `<p>${e(constancyWords(report))}</p>${table('Least squares over the requests of each step', modelHead, escaped(report.steps.map(modelRow)))}`,
  )
}

function limitSection({ limits, status }: LimitJudgement, title: string): string {
  if (limits.length === 0) return ''
  // What was not kept comes first: a limit of every step has a row for each.
  const sorted = limits.toSorted((a, b) => Number(a.status === 'passed') - Number(b.status === 'passed'))
  const rows = sorted.map(({ limit, at, status: result, observed }) => [
    e(limit),
    e(at),
    `<span class="mark ${result}">${result}</span>`,
    e(observed),
  ])
  return section(`${title}: ${status}`, table(title, ['limit', 'at', 'result', '#observed'], rows))
}

function comparisonSection({ comparison }: LoadReport): string {
  if (comparison === undefined) return ''
  const rows = comparison.figures.map(({ at, metric, beforeMs, nowMs, tolerance, verdict }) => [
    metric,
    at,
    preciseMs(beforeMs),
    preciseMs(nowMs),
    shareWords(tolerance),
    verdict,
  ])
  const why = comparison.why.length === 0 ? '' : `<p>${e(comparison.why.join('; '))}.</p>`
  return section(
    `Beside an accepted report: ${comparison.status}`,
    why + table(comparison.before, ['figure', 'at', '#before', '#now', '#noise', 'verdict'], marked(rows, 5)),
  )
}

function runsSection({ steps }: LoadReport): string {
  const head = ['#due', '#ttft', '#between tokens', '#to the end', '#in', '#cached', '#out', 'error']
  const unknown = (value: number | null, format: (value: number) => string) =>
    value === null ? '–' : format(value)
  const tables = steps.map((step) =>
    folded(
      stepTitle(step),
      table(
        'Each request',
        head,
        step.requests.map((request) => [
          preciseMs(request.dueMs),
          unknown(request.ttftMs, preciseMs),
          unknown(request.itlMs, preciseMs),
          preciseMs(request.e2eMs),
          unknown(request.inputTokens, String),
          unknown(request.cachedTokens, String),
          String(request.outputTokens),
          e(request.error ?? ''),
        ]),
      ),
    ),
  )
  return section('Every request', tables.join(''))
}
