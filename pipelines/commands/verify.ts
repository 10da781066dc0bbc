import { resolve } from 'node:path'
import { reportJson } from '../../images/report/report.ts'
import { reportText } from '../../images/report/text.ts'
import { prettyJson } from '../../lib/json.ts'
import { findImage } from '../catalogue/find-image.ts'
import { readArguments, usageError } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import type { Values } from '../command-line/option-table.ts'
import { closeStore, explainGone, openStore } from '../store/open.ts'
import { type VerifyOptions, verifyAgain } from '../verify/run.ts'
import { subjectOf } from '../verify/subject.ts'
import { withEngine } from './engine.ts'
import { readRunnerOptions } from './runner-options.ts'
import { verifyTable } from './tables/verify.ts'
import { writeReports } from './write-reports.ts'

export const verifyCommand: Command = { run }

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, verifyTable)
  const chosen = readOptions(values)
  const store = await openStore(context.settings.storeFolder)
  try {
    const { settings } = context
    const image = await findImage(positionals[0] ?? '', store, { settings, act: 'verify' })
    const subject = await subjectOf(image, store)
    const { report, stored } = await withEngine(context, (engine) =>
      verifyAgain(subject, chosen, { ...context, store, engine: () => engine.client() }),
    )
    if (!stored) context.progress.step('this boot shows less than the stored report, which stays as it is')
    if (values.report !== undefined) await writeReports(resolve(values.report), report)
    context.stdout(values.json ? prettyJson(reportJson(report)) : reportText(report))
    return report.verdict === (chosen.standsIn ? 'stand-in boot' : 'verified') ? 0 : 1
  } catch (error) {
    throw await explainGone(store, error)
  } finally {
    await closeStore(store)
  }
}

function readOptions(values: Values<typeof verifyTable>): VerifyOptions {
  const { memory = null, profile = null } = values
  if (values.runner === 'dagger' && memory !== null)
    throw usageError('verify', '--gpus and --memory need --runner docker or podman')
  const standsIn = values['stand-in'] === true
  if (standsIn && values.runner !== 'dagger')
    throw usageError('verify', '--stand-in is for machines without a GPU, and needs --runner dagger')
  return { ...readRunnerOptions('verify', values), memoryBytes: memory, profile, standsIn }
}
