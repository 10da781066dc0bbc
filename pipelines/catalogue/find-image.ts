import { statSync } from 'node:fs'
import { labelNames } from '../../images/oci/label-names.ts'
import { planImage } from '../../images/plan/plan.ts'
import { type Digest, isDigest } from '../../lib/digest.ts'
import { nearestName } from '../../lib/suggest.ts'
import { StageError } from '../error.ts'
import { loadLocked } from '../lock/locked-recipe.ts'
import { nearRecipe } from '../lock/near-recipe.ts'
import { readRecipeName } from '../lock/recipe-texts.ts'
import type { Settings } from '../settings/settings.ts'
import { damagedImage, damagesIn } from '../store/damage.ts'
import { readImageLabels } from '../store/image.ts'
import { listReferences, resolveReference } from '../store/reference.ts'
import type { Store } from '../store/store.ts'
import type { BuiltImage } from './built-image.ts'
import { recallOrigin } from './origin-record.ts'
import { recallPlan } from './plan-record.ts'
import { recallReport, reportState } from './report-record.ts'

export interface FindContext {
  settings: Pick<Settings, 'locksFolder'>
  /** The command, as in "publish", for messages. */
  act: string
}

/**
 * The one way to an image that was built. `text` is a recipe file, a name of the store with or without its tag, or a digest.
 * Throws `no-image` for what was never built or not by ingot, what `loadLocked` throws for a recipe, and `missing-blob` and
 * `corrupt-blob` for an image that is not as it was judged.
 */
export async function findImage(text: string, store: Store, context: FindContext): Promise<BuiltImage> {
  return isRecipeFile(text) ? ofRecipe(text, store, context) : ofReference(text, store, context)
}

/** Whether a person means a file by it. A folder may have the name of an image. */
export function isRecipeFile(text: string): boolean {
  if (isDigest(text)) return false
  return (
    /\.ya?ml$/.test(readRecipeName(text).file) ||
    (statSync(text, { throwIfNoEntry: false })?.isFile() ?? false)
  )
}

async function ofRecipe(file: string, store: Store, { settings, act }: FindContext): Promise<BuiltImage> {
  const origin = await loadLocked(file, settings, `${act} ${file}`)
  const plan = planImage(origin.recipe, origin.lock)
  const state = await reportState(store, plan)
  if (state === undefined)
    throw noImage(`${act} ${file}`, {
      found: 'the store has no image of this recipe and lock',
      hint: `run \`ingot build ${file}\`; it does again only what changed`,
    })
  if (state.damages.length > 0) throw damagedImage(state.report.image, state.damages)
  return { plan, report: state.report, origin }
}

async function ofReference(text: string, store: Store, { settings, act }: FindContext): Promise<BuiltImage> {
  const attempted = `${act} ${text}`
  const image = await findDigest(text, store)
  if (image === undefined) throw noImage(attempted, await unknownName(text, store))
  const damages = await damagesIn(store, [image], { by: 'stamp' })
  if (damages.length > 0) throw damagedImage(image, damages)
  const planDigest = (await readImageLabels(store, image))[labelNames.plan] ?? ''
  if (!isDigest(planDigest)) throw noImage(attempted, notOurs(image))
  const known = await recallOrigin(store, planDigest, settings)
  const plan = known?.plan ?? (await recallPlan(store, planDigest))
  if (plan === undefined) throw noImage(attempted, withoutPlan(image))
  const report = await recallReport(store, planDigest)
  if (report?.image !== image) throw noImage(attempted, notJudged(image, report?.image))
  return { plan, report, ...(known !== undefined && { origin: known.origin }) }
}

/** Where a name of the store points, with `latest` for a tag that is not given, or the digest itself. */
export async function findDigest(text: string, store: Store): Promise<Digest | undefined> {
  const found = (await resolveReference(store, text)) ?? (await resolveReference(store, `${text}:latest`))
  return found?.digest
}

interface Explanation {
  found: string
  hint: string
}

/** `HOST/NAME@sha256:…`: what was published is taken by the recipe that it was made of. */
const publishedForm = /^[^/\s]+\/\S+@sha256:[0-9a-f]{64}$/

async function unknownName(text: string, store: Store): Promise<Explanation> {
  if (publishedForm.test(text))
    return {
      found: 'it lies in a registry, and the store has no such digest',
      hint: `take it with \`ingot build RECIPE --no-verify --from-registry ${text}\`, which copies its layers where recipe and lock give the same plan; then name the recipe`,
    }
  const names = (await listReferences(store)).flatMap(({ name }) => name ?? [])
  const bare = names.map((name) => name.replace(/:latest$/, ''))
  const near = (await nearRecipe(text)) ?? nearestName(text.replace(/:latest$/, ''), bare)
  const has = names.length === 0 ? 'build an image first' : `the store has ${names.join(', ')}`
  return {
    found: 'it is no recipe file, and the store has no such name or digest',
    hint: near === undefined ? has : `did you mean ${near}? ${has}`,
  }
}

function notOurs(image: Digest): Explanation {
  return {
    found: `${image} is no server's image that \`ingot build\` made`,
    hint: 'name the image of the server, not weights, a modelcar or an index; `ingot size` takes any image',
  }
}

function withoutPlan(image: Digest): Explanation {
  return {
    found: `the store has no plan for ${image} that this version of ingot made`,
    hint: 'run `ingot build` on its recipe, which keeps it',
  }
}

function notJudged(image: Digest, other: Digest | undefined): Explanation {
  return {
    found:
      other === undefined
        ? `the store has no report on ${image}: its build did not come to an end`
        : `the store's report on the plan of ${image} is on ${other}, which a later build made of it`,
    hint: 'run `ingot build` on its recipe; `ingot size` shows the image as it is',
  }
}

function noImage(attempted: string, told: Explanation): StageError {
  return new StageError('no-image', { attempted, ...told })
}
