import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { inventoryWeights, openWeights } from '../../pipelines/weights/inventory.ts'
import { parseRecipe } from '../../recipes/parse.ts'
import { type Content, diskContent } from './repo.ts'

/** The one file of a recipe's weights on disk, as content for the fixture. */
export async function diskFileFrom(
  recipeText: string,
): Promise<{ content: Content; remove(): Promise<void> }> {
  const parsed = parseRecipe(recipeText, 'recipe.yaml')
  if (!parsed.ok) throw new Error('the recipe has problems')
  const context = { recipeFolder: '/', settings: readSettings(process.env) }
  const weights = await inventoryWeights(parsed.recipe.weights.source, context)
  const [file] = weights.files
  if (file === undefined) throw new Error('the recipe has no weights')
  const folder = await mkdtemp(join(tmpdir(), 'ingot-model-'))
  const path = join(folder, 'model')
  const open = await openWeights(weights, context)
  await pipeline(Readable.from(open.read(file, 0)), createWriteStream(path))
  await open.close()
  return {
    content: diskContent(path, file.sha256),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
