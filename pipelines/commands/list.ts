import { relative } from 'node:path'
import type { Device } from '../../images/engines/device.ts'
import { isTouched } from '../../images/plan/changed.ts'
import type { ImageVerdict, Report } from '../../images/report/report.ts'
import type { Digest } from '../../lib/digest.ts'
import { type EngineId, engineIds } from '../../recipes/engine-ids.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import { changedFiles } from '../catalogue/changed-files.ts'
import { listReports } from '../catalogue/report-record.ts'
import { readArguments, usageError } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import { StageError } from '../error.ts'
import { lockFileOf } from '../lock/lock-file.ts'
import { checkRecipe } from '../lock/recipe-files.ts'
import { recipesIn, recipesOf } from '../lock/recipe-places.ts'
import { readRecipeName, readRecipeTexts } from '../lock/recipe-texts.ts'
import type { Settings } from '../settings/settings.ts'
import { damagesIn, damageText } from '../store/damage.ts'
import { closeStore, explainGone, openStoreToRead } from '../store/open.ts'
import { listReferences } from '../store/reference.ts'
import type { Store } from '../store/store.ts'
import { listTable } from './tables/list.ts'

export const listCommand: Command = { run }

interface ListedRecipe {
  /** As commands take it: FILE, or FILE#NAME for one of a matrix. */
  file: string
  /** That file and those that it extends. */
  files: string[]
  /** The rest is null when the recipe has problems. */
  name: string | null
  problems: number
  engine: EngineId | null
  device: Device | null
  /** For a workflow that looks for a machine to boot it on. */
  gpu: { name: string; count: number } | null
  /** Limits that it must keep on the bench. */
  limits: number
}

interface ListResult {
  engines: string[]
  recipes: ListedRecipe[]
  images: ListedImage[]
  /** Judged images without a name, whole ones: those that failed, and those that a later build took the name from. */
  unnamed: JudgedImage[]
  /** Judged images that are not whole any more. */
  lost: JudgedImage[]
}

interface ListedImage {
  name: string
  digest: Digest
  /** Of the last boot; null where nothing was judged, or where the image is not what was judged any more. */
  verdict: ImageVerdict | null
  /** What is missing or damaged, as far as it shows without reading every byte. */
  damages: string[]
}

interface JudgedImage {
  name: string
  digest: Digest
  verdict: ImageVerdict
  damages: string[]
}

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = readArguments(argv, listTable)
  const [base] = positionals
  if (base !== undefined && !values.changed) throw usageError('list', `${base} is a base without --changed`)
  const changed = values.changed ? await changedFiles(base ?? 'HEAD') : undefined
  const listing: ListResult = {
    engines: [...engineIds],
    recipes: changedRecipes(await usualRecipes(), context.settings, changed),
    ...(await listImages(context)),
  }
  context.stdout(values.json ? `${JSON.stringify(listing, null, 2)}\n` : listingText(listing))
  return 0
}

/** Those that lie here and in ./recipes, where commands and workflows look for them. */
export async function usualRecipes(): Promise<ListedRecipe[]> {
  return [...(await listRecipes('.')), ...(await listRecipes('recipes'))]
}

/** Recipes of a folder; each combination of a matrix is one. */
export async function listRecipes(folder: string): Promise<ListedRecipe[]> {
  const { recipes } = await recipesIn(folder).catch(() => ({ recipes: [] }))
  const names = await Promise.all(recipes.map((file) => recipesOf(file).catch(() => [file])))
  return Promise.all(names.flat().map(listRecipe))
}

function changedRecipes(
  listed: ListedRecipe[],
  settings: Pick<Settings, 'locksFolder'>,
  changed: readonly string[] | undefined,
): ListedRecipe[] {
  if (changed === undefined) return listed
  return listed.filter(({ file, files, engine }) => {
    // One with problems is of interest when it was touched itself.
    if (engine === null) return files.some((one) => changed.includes(one))
    return isTouched({ files, lockFile: relative('.', lockFileOf(file, settings)), engine }, changed)
  })
}

async function listRecipe(file: string): Promise<ListedRecipe> {
  const parsed = await checked(file)
  const files = await readRecipeTexts(readRecipeName(file).file).then(
    (texts) => texts.map((one) => one.file),
    () => [file],
  )
  const nothing = { file, files, name: null, engine: null, device: null, gpu: null, limits: 0 }
  if (!parsed.ok) return { ...nothing, problems: parsed.problems }
  const { name, engine, target, verify } = parsed.recipe
  return {
    file,
    files,
    name,
    problems: 0,
    engine: engine.id,
    device: engine.device ?? (target.gpu === undefined ? 'cpu' : 'cuda'),
    gpu: target.gpu === undefined ? null : { name: target.gpu, count: target.count },
    limits: [verify.load, verify.quality].flatMap((asked) => asked?.limits ?? []).length,
  }
}

/** The recipe, or how many problems it has; a file that cannot be read, or that it extends, is one. */
async function checked(
  file: string,
): Promise<{ ok: true; recipe: Recipe } | { ok: false; problems: number }> {
  try {
    const parsed = await checkRecipe(file)
    return parsed.ok ? parsed : { ok: false, problems: parsed.problems.length }
  } catch (error) {
    if (!(error instanceof StageError)) throw error
    return { ok: false, problems: 1 }
  }
}

async function listImages({
  settings,
}: CommandContext): Promise<Pick<ListResult, 'images' | 'unnamed' | 'lost'>> {
  const store = await openStoreToRead(settings.storeFolder)
  try {
    const reports = await listReports(store)
    const images: ListedImage[] = []
    for (const { name, descriptor } of await listReferences(store)) {
      if (name === undefined) continue
      const { digest } = descriptor
      const damages = await damagesOf(store, digest)
      const verdict = reports.find(({ image }) => image === digest)?.verdict ?? null
      images.push({ name, digest, verdict: damages.length === 0 ? verdict : null, damages })
    }
    const judged = await judgedImages(store, reports, images)
    const isWhole = ({ damages }: JudgedImage) => damages.length === 0
    return { images, unnamed: judged.filter(isWhole), lost: judged.filter((one) => !isWhole(one)) }
  } catch (error) {
    throw await explainGone(store, error)
  } finally {
    await closeStore(store)
  }
}

/** Images that were judged and are not among the named ones. */
async function judgedImages(
  store: Store,
  reports: readonly Report[],
  images: readonly ListedImage[],
): Promise<JudgedImage[]> {
  const others = reports.filter(({ image }) => images.every(({ digest }) => digest !== image))
  return Promise.all(
    others.map(async ({ name, image: digest, verdict }) => {
      return { name, digest, verdict, damages: await damagesOf(store, digest) }
    }),
  )
}

async function damagesOf(store: Store, image: Digest): Promise<string[]> {
  return (await damagesIn(store, [image], { by: 'glance' })).map(damageText)
}

function imageText({ name, digest, verdict, damages }: ListedImage): string {
  const damaged = damages.length === 0 ? '' : `  not whole, build it again: ${damages.join('; ')}`
  return `  ${name}  ${digest}${verdict === null ? '' : `  ${verdict}`}${damaged}`
}

function listingText({ engines, recipes, images, unnamed, lost }: ListResult): string {
  return [
    `engines: ${engines.join(', ')}`,
    'recipes:',
    ...recipes.map(
      (recipe) =>
        `  ${recipe.file}  ${recipe.name ?? `${recipe.problems} problems, see \`ingot check ${recipe.file}\``}`,
    ),
    'images:',
    ...images.map(imageText),
    ...unnamed.map(({ name, digest, verdict }) => `  ${name}  ${digest}  ${verdict}, without a name`),
    ...lost.map(
      ({ name, digest, verdict, damages }) =>
        `  ${name}  ${digest}  was judged "${verdict}" and is not whole: ${damages.join('; ')}`,
    ),
    '',
  ].join('\n')
}
