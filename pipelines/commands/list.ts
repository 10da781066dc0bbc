import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { isTouched } from '../../images/changed.ts'
import type { Device } from '../../images/engine.ts'
import { definedEngines } from '../../images/engines.ts'
import type { EngineId } from '../../recipes/recipe.ts'
import { changedFiles } from '../changed-files.ts'
import { lockFileOf } from '../lock/file.ts'
import { checkRecipe } from '../recipes.ts'
import { listReferences } from '../store/reference.ts'
import { closeStore, openStore } from '../store/store.ts'
import { type Command, type CommandContext, readArguments, storeFolder, usageError } from './command.ts'

export const listCommand: Command = {
  options: {
    changed: 'only recipes that a change since BASE touches; without BASE, since the last commit',
    json: 'as JSON, with what each recipe runs on',
  },
  run,
}

interface ListedRecipe {
  file: string
  /** The rest is null when the recipe has problems. */
  name: string | null
  problems: number
  engine: EngineId | null
  device: Device | null
  /** For a workflow that looks for a machine to boot it on. */
  gpu: { name: string; count: number } | null
}

interface Listing {
  engines: string[]
  recipes: ListedRecipe[]
  images: { name: string; digest: string }[]
}

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const options = { json: { type: 'boolean' }, changed: { type: 'boolean' } } as const
  const { values, positionals } = readArguments(argv, options, { command: 'list', least: 0, most: 1 })
  const [base] = positionals
  if (base !== undefined && !values.changed) throw usageError('list', `${base} is a base without --changed`)
  const changed = values.changed ? await changedFiles(base ?? 'HEAD') : undefined
  const listing: Listing = {
    engines: definedEngines(),
    recipes: await listRecipes('recipes', context.environment, changed),
    images: await listImages(context),
  }
  context.stdout(values.json ? `${JSON.stringify(listing, null, 2)}\n` : listingText(listing))
  return 0
}

async function listRecipes(
  folder: string,
  environment: NodeJS.ProcessEnv,
  changed: readonly string[] | undefined,
): Promise<ListedRecipe[]> {
  const names = await readdir(folder).catch(() => [])
  const files = names.filter((name) => /\.ya?ml$/.test(name)).map((name) => join(folder, name))
  const listed = await Promise.all(files.sort().map(listRecipe))
  if (changed === undefined) return listed
  return listed.filter(({ file, engine }) => {
    // One with problems is of interest when it was touched itself.
    if (engine === null) return changed.includes(file)
    return isTouched({ file, lockFile: relative('.', lockFileOf(file, environment)), engine }, changed)
  })
}

async function listRecipe(file: string): Promise<ListedRecipe> {
  const parsed = await checkRecipe(file)
  if (!parsed.ok)
    return { file, name: null, problems: parsed.problems.length, engine: null, device: null, gpu: null }
  const { name, engine, target } = parsed.recipe
  return {
    file,
    name,
    problems: 0,
    engine: engine.id,
    device: engine.device ?? (target.gpu === undefined ? 'cpu' : 'cuda'),
    gpu: target.gpu === undefined ? null : { name: target.gpu, count: target.count },
  }
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
