import { type BuiltImage, requireOrigin } from '../catalogue/built-image.ts'
import { type Companion, companionsOf } from '../catalogue/companions.ts'
import { findImage } from '../catalogue/find-image.ts'
import { readArguments } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import { StageError } from '../error.ts'
import { builtSbom, companionSbom } from '../outgoing/prepare.ts'
import { closeStore, explainGone, openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import { sbomTable } from './tables/sbom.ts'

export const sbomCommand: Command = { run }

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, sbomTable)
  const { settings, signal, progress } = context
  const store = await openStore(settings.storeFolder)
  try {
    const found = await findImage(positionals[0] ?? '', store, { settings, act: 'sbom' })
    const image = requireOrigin(found, 'sbom')
    const at = { store, settings, signal }
    progress.step(`list what ${image.report.image} is made of`)
    const sbom = values.modelcar
      ? await companionSbom(image, await modelcarOf(store, image), at)
      : await builtSbom(image, at)
    context.stdout(`${values.format === 'spdx' ? sbom.spdx : sbom.cycloneDx}\n`)
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
