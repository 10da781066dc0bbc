import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { judgeRecipe } from '../../images/plan/judge-recipe.ts'
import { planImage } from '../../images/plan/plan.ts'
import { planWeightLayers } from '../../images/weights/layers.ts'
import { IngotError } from '../../lib/error.ts'
import { readModelFacts } from '../../pipelines/lock/model-facts.ts'
import { readSettingFiles } from '../../pipelines/lock/setting-files.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { verifyStore } from '../../pipelines/store/check.ts'
import { closeStore, openStore } from '../../pipelines/store/open.ts'
import { inventoryWeights } from '../../pipelines/weights/inventory.ts'
import { packWeights } from '../../pipelines/weights/pack.ts'
import { splitLargeFiles } from '../../pipelines/weights/split.ts'
import { type EngineId, engineIds } from '../../recipes/engine-ids.ts'
import { formatLock, type Lock, lockDrift, lockSchema, parseLock } from '../../recipes/lock.ts'
import { parseRecipe } from '../../recipes/parse.ts'
import { recipeSchema } from '../../recipes/recipe.ts'
import { lockFor, readRecipe, recipeFiles } from '../images/engines/fixtures.ts'
import { type Random, randomOf } from '../images/memory/random.ts'
import { expectOrderly } from './commands.ts'
import { keysOf, mutated, mutateValue, setKey } from './mutations.ts'
import { changeFolder, writeModel } from './odd-folders.ts'

/** A case throws what nobody foresaw, and may say how it ended. Everything it needs is below `folder`. */
export type Case = (seed: number, folder: string) => Promise<unknown>

const recipesFolder = join(import.meta.dirname, '../../recipes')

/** No number in a recipe makes a plan long. */
const mostPlanBytes = 1_000_000

async function recipeCase(seed: number, folder: string): Promise<void> {
  const random = randomOf(seed)
  const name = random.pick(recipeFiles)
  const lock = lockFor(readRecipe(name))
  const original = await readFile(join(recipesFolder, name), 'utf8')
  const text = random.below(3) === 0 ? mutated(original, random) : mutatedRecipe(parse(original), random)
  const file = join(folder, 'recipe.yaml')
  await writeFile(file, text)
  await writeFile(join(folder, 'recipe.lock.json'), formatLock(lock))
  const code = await expectOrderly(['check', file], {})
  const parsed = parseRecipe(text, file, (recipe) => [
    ...judgeRecipe(recipe),
    ...readSettingFiles(recipe, folder).findings,
  ])
  if (parsed.ok !== (code === 0)) throw new Error(`check ended with ${code} and the recipe is ${parsed.ok}`)
  await expectOrderly(['plan', file], { HOME: folder })
  if (!parsed.ok) return
  const plan = foreseen(() => planImage(parsed.recipe, lockFor(parsed.recipe)))
  const planBytes = JSON.stringify(plan ?? null).length
  if (planBytes > mostPlanBytes) throw new Error(`a plan of ${planBytes} bytes`)
}

const recipeKeys = keysOf(z.toJSONSchema(recipeSchema, { io: 'input' }))

/** JSON is YAML. Most are recipes that `check` takes: the others end there. */
function mutatedRecipe(recipe: unknown, random: Random): string {
  const change = (value: unknown) =>
    random.below(4) === 0 ? mutateValue(value, random) : setKey(value, random.pick(recipeKeys), random)
  const isTaken = (value: unknown) => recipeSchema.safeParse(value).success
  return JSON.stringify(changedUntil(recipe, change, isTaken, random), null, 2)
}

/** One or two changes; in most cases others are tried while the result is refused. */
function changedUntil(
  original: unknown,
  change: (value: unknown) => unknown,
  isTaken: (value: unknown) => boolean,
  random: Random,
): unknown {
  const changes = 1 + random.below(2)
  let value = original
  for (let left = random.below(4) === 0 ? 1 : 30; left > 0; left -= 1) {
    value = original
    for (let more = changes; more > 0; more -= 1) value = change(value)
    if (isTaken(value)) break
  }
  return value
}

async function lockCase(seed: number, folder: string): Promise<void> {
  const random = randomOf(seed)
  // Half of them by engine: of some there are many recipes.
  const name = random.below(2) === 0 ? recipeOf(random.pick(engineIds)) : random.pick(recipeFiles)
  const recipe = readRecipe(name)
  const lock = richLock(lockFor(recipe))
  const text = random.below(3) === 0 ? mutated(formatLock(lock), random) : mutatedLock(lock, random)
  const file = join(folder, 'recipe.yaml')
  await writeFile(file, await readFile(join(recipesFolder, name), 'utf8'))
  await writeFile(join(folder, 'recipe.lock.json'), text)
  await expectOrderly(['plan', file], { HOME: folder })
  await expectOrderly(['plan', file, '--json'], { HOME: folder })
  const parsed = foreseen(() => parseLock(text, 'recipe.lock.json'))
  if (parsed === undefined) return
  foreseen(() => planImage(recipe, parsed))
  lockDrift(lock, parsed)
  lockDrift(parsed, lock)
  parseLock(formatLock(parsed), 'as it was written again')
}

/** A recipe of the engine. */
function recipeOf(id: EngineId): string {
  const found = recipeFiles.find((name) => readRecipe(name).engine.id === id)
  if (found === undefined) throw new Error(`no recipe of ${id}`)
  return found
}

const packages = [
  { name: 'libgomp1', version: '1:12.2.0-14', architecture: 'amd64', sizeBytes: 1, sha256: 'a'.repeat(64) },
]
const wheels = [{ filename: 'torch-2.13.0-py3-none-any.whl', sizeBytes: 1, sha256: 'b'.repeat(64) }]
const distributions = [{ name: 'torch', version: '2.13.0', wheels }]

/** The lock with a member of every list, so that there is something to change. */
function richLock(lock: Lock): Lock {
  const { runtime } = lock
  if (runtime.type === 'upstream') return lock
  const filled = { ...runtime, packages }
  return { ...lock, runtime: filled.type === 'python' ? { ...filled, distributions } : filled }
}

function mutatedLock(lock: Lock, random: Random): string {
  const original: unknown = JSON.parse(formatLock(lock))
  const change = (value: unknown) => mutateValue(value, random)
  const isTaken = (value: unknown) => lockSchema.safeParse(value).success
  return JSON.stringify(changedUntil(original, change, isTaken, random), null, 2)
}

const context = {
  recipeFolder: '/',
  settings: readSettings({}),
  retry: { attempts: 1, firstDelayMs: 1, maxDelayMs: 1 },
}

/** Locks a folder, changes it, packs it, and looks at the store. */
async function folderCase(seed: number, folder: string): Promise<void> {
  const random = randomOf(seed)
  const model = join(folder, 'model')
  await mkdir(model)
  await writeModel(model, random)
  for (let left = random.below(3); left > 0; left -= 1) await changeFolder(model, random)
  const root = join(folder, 'store')
  const store = await openStore(root)
  try {
    await foreseenAsync(async () => {
      const listed = await inventoryWeights({ type: 'folder', path: model }, context)
      const weights = await splitLargeFiles(listed, random.pick([20_000, 1e9]), context)
      const facts = await readModelFacts(weights, context)
      const [name = ''] = recipeFiles
      const lock: Lock = { ...lockFor(readRecipe(name)), weights, ...facts }
      parseLock(formatLock(lock), 'the lock that was written')
      const layers = planWeightLayers(weights.files, { modelFolder: '/models/m', smallFileBytes: 1e4 })
      if (random.below(2) === 0) await changeFolder(model, random)
      await packWeights(store, weights, layers, context)
    })
    const problems: unknown[] = []
    await verifyStore(store, (problem) => problems.push(problem))
    if (problems.length > 0) throw new Error(`the store is not sound: ${JSON.stringify(problems)}`)
  } finally {
    await closeStore(store)
  }
  const left = await readdir(join(root, 'ingot/tmp'))
  if (left.length > 0) throw new Error(`temporary files are left: ${left.join(', ')}`)
}

/** What an error that was made for people ends is fine. */
function foreseen<Value>(act: () => Value): Value | undefined {
  try {
    return act()
  } catch (error) {
    if (error instanceof IngotError && error.code !== '' && error.hint !== '') return undefined
    throw error
  }
}

async function foreseenAsync(act: () => Promise<void>): Promise<void> {
  try {
    await act()
  } catch (error) {
    foreseen(() => {
      throw error
    })
  }
}

export const cases: Readonly<Record<string, Case>> = {
  recipe: recipeCase,
  lock: lockCase,
  folder: folderCase,
}

/** A folder for one case. */
export function caseFolder(root: string): Promise<string> {
  return mkdtemp(join(root, 'case-'))
}
