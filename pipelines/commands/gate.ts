import { gateLines } from '../../images/gate/result.ts'
import { reportJson } from '../../images/report/report.ts'
import { prettyJson } from '../../lib/json.ts'
import { readArguments } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import { gateImage } from '../gate/gate-image.ts'
import { closeStore, explainGone, openStore } from '../store/open.ts'
import { withEngine } from './engine.ts'
import { readRunnerOptions } from './runner-options.ts'
import { gateTable } from './tables/gate.ts'

export const gateCommand: Command = { run }

/** 1 when something is worse than in stock, 3 when a part could not run here. */
const exitCodes = { passed: 0, failed: 1, incomplete: 3, 'not run': 3 } as const

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, gateTable)
  const chosen = readRunnerOptions('gate', values)
  const store = await openStore(context.settings.storeFolder)
  try {
    const report = await withEngine(context, (engine) =>
      gateImage(positionals[0] ?? '', chosen, { ...context, store, engine: () => engine.client() }),
    )
    const lines = [...gateLines(report.gate), report.image, '']
    context.stdout(values.json ? prettyJson(reportJson(report)) : lines.join('\n'))
    return exitCodes[report.gate?.status ?? 'not run']
  } catch (error) {
    throw await explainGone(store, error)
  } finally {
    await closeStore(store)
  }
}
