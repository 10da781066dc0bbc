import { dirname, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { PlanError } from '../../images/error.ts'
import { stockPlanOf } from '../../images/gate/stock.ts'
import { type ImagePlan, planDigestOf, planImage } from '../../images/plan/plan.ts'
import type { Digest } from '../../lib/digest.ts'
import { type Lock, lockSchema } from '../../recipes/lock.ts'
import { type Recipe, recipeSchema } from '../../recipes/recipe.ts'
import { lockFileOf } from '../lock/lock-file.ts'
import type { LockedRecipe } from '../lock/locked-recipe.ts'
import type { Settings } from '../settings/settings.ts'
import { type RecordKind, recall, remember } from '../store/record.ts'
import type { Store } from '../store/store.ts'

/** What an image was made from. The place of the recipe is for weights and secrets that it names relative to itself. */
interface OriginRecord {
  file: string
  recipe: Recipe
  lock: Lock
}

/** Recipes with their locks, by the digest of the plan that they gave. */
const originKind: RecordKind<OriginRecord> = {
  name: 'origin',
  schema: z.object({ file: z.string(), recipe: recipeSchema, lock: lockSchema }),
}

/** So that whoever names the image later can say what it was made from. */
export async function keepOrigin(
  store: Store,
  planDigest: Digest,
  { file, recipe, lock }: Pick<LockedRecipe, 'file' | 'recipe' | 'lock'>,
): Promise<void> {
  await remember(store, originKind, planDigest, { file: resolve(file), recipe, lock })
}

/** Recipe and lock with the plan they give. */
export interface PlannedOrigin {
  origin: LockedRecipe
  plan: ImagePlan
}

/**
 * Whether the store has what gave the plan of this digest and still gives it, with the same words on vulnerabilities, load and quality,
 * which are no part of a plan.
 */
export async function hasOrigin(
  store: Store,
  planDigest: Digest,
  { recipe }: Pick<LockedRecipe, 'recipe'>,
): Promise<boolean> {
  const found = await recall(store, originKind, planDigest)
  if (found === undefined || plannedAs(planDigest, found) === undefined) return false
  const besides = ({ vulnerabilities, verify }: Recipe) => [vulnerabilities, verify.load, verify.quality]
  return isDeepStrictEqual(besides(found.recipe), besides(recipe))
}

/** What gave the plan of this digest. What does not give it any more counts as absent: nothing is said by hearsay. */
export async function recallOrigin(
  store: Store,
  planDigest: Digest,
  settings: Pick<Settings, 'locksFolder'>,
): Promise<PlannedOrigin | undefined> {
  const found = await recall(store, originKind, planDigest)
  const plan = found && plannedAs(planDigest, found)
  if (found === undefined || plan === undefined) return undefined
  const { file, recipe, lock } = found
  const origin = { file, recipe, lock, folder: dirname(file), lockFile: lockFileOf(file, settings) }
  return { origin, plan }
}

/** The plan of this digest: the recipe's own, or that of its stock image. */
function plannedAs(digest: Digest, { recipe, lock }: OriginRecord): ImagePlan | undefined {
  try {
    const plan = planImage(recipe, lock)
    return [plan, stockPlanOf(plan)].find((one) => planDigestOf(one) === digest)
  } catch (error) {
    if (error instanceof PlanError) return undefined
    throw error
  }
}
