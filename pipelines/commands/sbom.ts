import { findBuilt } from '../built/image.ts'
import { builtSbom } from '../built/prepare.ts'
import { closeStore, openStore } from '../store/store.ts'
import { type Command, type CommandContext, readArguments, storeFolder, usageError } from './command.ts'

export const sbomCommand: Command = {
  options: { 'format NAME': 'spdx (SPDX 2.3 JSON, the default) or cyclonedx (CycloneDX 1.6 JSON)' },
  run,
}

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const options = { format: { type: 'string' } } as const
  const { values, positionals } = readArguments(argv, options, { command: 'sbom', least: 1, most: 1 })
  const { format = 'spdx' } = values
  if (format !== 'spdx' && format !== 'cyclonedx')
    throw usageError('sbom', `--format is "${format}", not spdx or cyclonedx`)
  const { environment, signal, progress } = context
  const store = await openStore(storeFolder(environment))
  try {
    const image = await findBuilt(positionals[0] ?? '', store, environment)
    progress.step(`list what ${image.report.image} is made of`)
    const sbom = await builtSbom(image, { store, environment, signal })
    context.stdout(`${format === 'spdx' ? sbom.spdx : sbom.cycloneDx}\n`)
    return 0
  } finally {
    await closeStore(store)
  }
}
