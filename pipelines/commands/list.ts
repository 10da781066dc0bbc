import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { definedEngines } from '../../images/engines.ts'
import { checkRecipe } from '../recipes.ts'
import { listReferences } from '../store/reference.ts'
import { closeStore, openStore } from '../store/store.ts'
import { type Command, type CommandContext, readArguments, storeFolder } from './command.ts'

export const listCommand: Command = {
  options: { json: 'as JSON' },
  run,
}

interface Listing {
  engines: string[]
  recipes: { file: string; name: string | null; problems: number }[]
  images: { name: string; digest: string }[]
}

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values } = readArguments(
    argv,
    { json: { type: 'boolean' } },
    { command: 'list', least: 0, most: 0 },
  )
  const listing: Listing = {
    engines: definedEngines(),
    recipes: await listRecipes('recipes'),
    images: await listImages(context),
  }
  context.stdout(values.json ? `${JSON.stringify(listing, null, 2)}\n` : listingText(listing))
  return 0
}

async function listRecipes(folder: string): Promise<Listing['recipes']> {
  const names = await readdir(folder).catch(() => [])
  const files = names.filter((name) => /\.ya?ml$/.test(name)).map((name) => join(folder, name))
  return Promise.all(
    files.map(async (file) => {
      const parsed = await checkRecipe(file)
      return {
        file,
        name: parsed.ok ? parsed.recipe.name : null,
        problems: parsed.ok ? 0 : parsed.problems.length,
      }
    }),
  )
}

async function listImages({ environment }: CommandContext): Promise<Listing['images']> {
  const store = await openStore(storeFolder(environment))
  try {
    return (await listReferences(store)).flatMap(({ name, descriptor }) =>
      name === undefined ? [] : [{ name, digest: descriptor.digest }],
    )
  } finally {
    await closeStore(store)
  }
}

function listingText({ engines, recipes, images }: Listing): string {
  return [
    `engines: ${engines.join(', ')}`,
    'recipes:',
    ...recipes.map(
      (recipe) =>
        `  ${recipe.file}  ${recipe.name ?? `${recipe.problems} problems, see \`ingot check ${recipe.file}\``}`,
    ),
    'images:',
    ...images.map((image) => `  ${image.name}  ${image.digest}`),
    '',
  ].join('\n')
}
