import { type BuiltImage, requireOrigin } from '../catalogue/built-image.ts'
import { type Companion, companionsOf } from '../catalogue/companions.ts'
import { findImage } from '../catalogue/find-image.ts'
import { type Command, type CommandContext, readArguments, usageError } from '../command-line/command.ts'
import { StageError } from '../error.ts'
import { builtSbom, companionSbom } from '../outgoing/prepare.ts'
import { storeFolder } from '../process/folders.ts'
import { closeStore, explainGone, openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'

export const sbomCommand: Command = {
  options: {
    'format NAME': 'spdx (SPDX 2.3 JSON, the default) or cyclonedx (CycloneDX 1.6 JSON)',
    modelcar: 'of the modelcar beside the server',
  },
  run,
}

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const options = { format: { type: 'string' }, modelcar: { type: 'boolean' } } as const
  const { values, positionals } = readArguments(argv, options, { command: 'sbom', least: 1, most: 1 })
  const { format = 'spdx' } = values
  if (format !== 'spdx' && format !== 'cyclonedx')
    throw usageError('sbom', `--format is "${format}", not spdx or cyclonedx`)
  const { environment, signal, progress } = context
  const store = await openStore(storeFolder(environment))
  try {
    const found = await findImage(positionals[0] ?? '', store, { environment, act: 'sbom' })
    const image = requireOrigin(found, 'sbom')
    const at = { store, environment, signal }
    progress.step(`list what ${image.report.image} is made of`)
    const sbom = values.modelcar
      ? await companionSbom(image, await modelcarOf(store, image), at)
      : await builtSbom(image, at)
    context.stdout(`${format === 'spdx' ? sbom.spdx : sbom.cycloneDx}\n`)
    return 0
  } catch (error) {
    throw await explainGone(store, error)
  } finally {
    await closeStore(store)
  }
}

async function modelcarOf(store: Store, image: BuiltImage): Promise<Companion> {
  const found = (await companionsOf(store, image)).find(({ name }) => name === 'modelcar')
  if (found !== undefined) return found
  throw new StageError('no-image', {
    attempted: `find the modelcar of ${image.plan.name}`,
    found: image.plan.weights.modelcar ? 'the store has none' : 'the recipe asks for none',
    hint: 'set weights.delivery: artifact and weights.modelcar: true, then run `ingot build`',
  })
}
