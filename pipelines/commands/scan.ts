import { scanText } from '../../images/scan.ts'
import { documentsOf } from '../built/documents.ts'
import { findBuilt } from '../built/image.ts'
import { scanAgain } from '../built/prepare.ts'
import { closeStore, openStore } from '../store/store.ts'
import { type Command, type CommandContext, readArguments, storeFolder } from './command.ts'

export const scanCommand: Command = {
  options: { json: 'what was seen as JSON' },
  run,
}

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const options = { json: { type: 'boolean' } } as const
  const { values, positionals } = readArguments(argv, options, { command: 'scan', least: 1, most: 1 })
  const { environment, signal, progress, stderr } = context
  const store = await openStore(storeFolder(environment))
  try {
    const image = await findBuilt(positionals[0] ?? '', store, environment)
    progress.step(`scan ${image.report.image}`)
    const onNotice = (text: string) => stderr(`ingot: ${text}\n`)
    const documents = documentsOf(image, { isUnverified: false, environment })
    const scan = await scanAgain(image, documents, { store, environment, signal, onNotice })
    context.stdout(values.json ? `${JSON.stringify(scan, null, 2)}\n` : `${scanText(scan).join('\n')}\n`)
    return 0
  } finally {
    await closeStore(store)
  }
}
