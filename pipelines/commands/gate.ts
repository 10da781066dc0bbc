import { gateLines } from '../../images/gate/result.ts'
import { reportJson } from '../../images/report/report.ts'
import { prettyJson } from '../../lib/json.ts'
import { type Command, type CommandContext, readArguments } from '../command-line/command.ts'
import { gateImage } from '../gate/gate-image.ts'
import { storeFolder } from '../process/folders.ts'
import { closeStore, explainGone, openStore } from '../store/open.ts'
import { withEngine } from './engine.ts'
import { readRunnerOptions } from './verify.ts'

export const gateCommand: Command = {
  options: {
    runner: 'what boots both: dagger (default), docker or podman',
    gpus: 'GPUs to hand to them: all, a number of them, or indexes such as 0,1; docker and podman only',
    json: 'the report as JSON',
  },
  run,
}

const options = {
  runner: { type: 'string', default: 'dagger' },
  gpus: { type: 'string' },
  json: { type: 'boolean' },
} as const

/** 1 when something is worse than in stock, 3 when a part could not run here. */
const exitCodes = { passed: 0, failed: 1, incomplete: 3, 'not run': 3 } as const

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, options, { command: 'gate', least: 1, most: 1 })
  const chosen = readRunnerOptions('gate', values)
  const store = await openStore(storeFolder(context.environment))
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
