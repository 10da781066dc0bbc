import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type LoadReport, loadReportJson } from '../../images/load/load-report.ts'
import type { AnswersFile } from '../../images/quality/answers.ts'
import { loadHtml } from '../../images/report/load-html.ts'
import { loadJunit } from '../../images/report/load-junit.ts'
import { loadMarkdown, loadText } from '../../images/report/load-text.ts'
import { prettyJson } from '../../lib/json.ts'
import { findImage } from '../catalogue/find-image.ts'
import { readArguments } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import { makeFolder } from '../files/make-folder.ts'
import { benchImage } from '../load/bench-image.ts'
import { keepLoadReport, lastAccepted } from '../load/load-record.ts'
import { readLoadReport } from '../load/report-file.ts'
import type { LazyEngine } from '../process/session.ts'
import { readAnswers, writeAnswers } from '../quality/answers-file.ts'
import { measureDivergence } from '../quality/divergence.ts'
import { measurePerplexity } from '../quality/perplexity.ts'
import { closeStore, explainGone, openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import { withRunner } from '../verify/run.ts'
import { type Subject, subjectOf } from '../verify/subject.ts'
import { withEngine } from './engine.ts'
import { readRunnerOptions } from './runner-options.ts'
import { benchTable } from './tables/bench.ts'

export const benchCommand: Command = { run }

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, benchTable)
  const chosen = readRunnerOptions('bench', values)
  const { settings, progress, signal } = context
  const store = await openStore(settings.storeFolder)
  try {
    const image = await findImage(positionals[0] ?? '', store, { settings, act: 'bench' })
    const subject = await subjectOf(image, store)
    const before = await acceptedReport(values.against, subject, store)
    const recorded = values.record === undefined ? await recordedAnswers(subject) : null
    const beside = (engine: LazyEngine) => ({ ...context, store, engine: () => engine.client() })
    const { report, answers } = await withEngine(context, (engine) =>
      withRunner(subject, chosen, beside(engine), (runner) =>
        benchImage(subject, {
          ...{ runner, progress, signal, before, recorded },
          predict: (wish) => measurePerplexity(subject, wish, beside(engine)),
          diverge: (wish) => measureDivergence(subject, wish, beside(engine)),
          records: values.record !== undefined,
          judgesBusy: values['although-busy'],
        }),
      ),
    )
    progress.end()
    await keepLoadReport(store, report)
    if (values.record !== undefined && answers !== undefined) await writeAnswers(values.record, answers)
    if (values.report !== undefined) await writeLoadReports(resolve(values.report), report)
    context.stdout(values.json ? prettyJson(loadReportJson(report)) : loadText(report))
    return exitCodeOf(report)
  } catch (error) {
    throw await explainGone(store, error)
  } finally {
    await closeStore(store)
  }
}

/** Of the file that the recipe names; none while such a file is written. */
async function recordedAnswers({ origin }: Subject): Promise<AnswersFile | null> {
  const file = origin?.recipe.verify.quality?.answers
  return origin === undefined || file === undefined ? null : readAnswers(resolve(origin.folder, file))
}

/** A file that was not found is told before anything is booted. */
async function acceptedReport(
  against: string | undefined,
  { plan }: Subject,
  store: Store,
): Promise<LoadReport | null> {
  if (against === undefined) return null
  return against === 'last' ? lastAccepted(store, plan.name) : readLoadReport(against)
}

/** 1 when a limit is not kept or something became slower; 3 when this machine was too busy to say. */
function exitCodeOf({ judgement, quality, comparison }: LoadReport): number {
  const statuses = [judgement.status, quality?.judgement.status, comparison?.status]
  if (statuses.includes('failed') || statuses.includes('regressed')) return 1
  return statuses.includes('not comparable') ? 3 : 0
}

async function writeLoadReports(folder: string, report: LoadReport): Promise<void> {
  await makeFolder(folder)
  const files: Record<string, string> = {
    'load.json': prettyJson(loadReportJson(report)),
    'load.md': loadMarkdown(report),
    'load.xml': loadJunit(report),
    'load.html': loadHtml(report),
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
}
