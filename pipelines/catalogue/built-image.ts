import type { Descriptor } from '../../images/oci/oci.ts'
import { type ImagePlan, planImage } from '../../images/plan/plan.ts'
import type { Report } from '../../images/report/report.ts'
import type { Lock } from '../../recipes/lock.ts'
import { StageError } from '../error.ts'
import { loadLocked } from '../lock/locked-recipe.ts'
import type { LoadedRecipe } from '../lock/recipe-files.ts'
import type { Settings } from '../settings/settings.ts'
import { damagedImage } from '../store/damage.ts'
import { resolveReference } from '../store/reference.ts'
import type { Store } from '../store/store.ts'
import { reportState } from './report-record.ts'

/** A recipe with everything that building it left behind. */
export interface BuiltImage {
  loaded: LoadedRecipe
  lock: Lock
  plan: ImagePlan
  report: Report
}

/**
 * The image that a recipe and its lock stand for, from the store. Throws `missing-lock`, `lock-mismatch`, `no-image`,
 * `missing-blob` and `corrupt-blob`.
 */
export async function findBuilt(
  file: string,
  store: Store,
  settings: Pick<Settings, 'locksFolder'>,
): Promise<BuiltImage> {
  const { lock, ...loaded } = await loadLocked(file, settings, `find the image of ${file}`)
  const plan = planImage(loaded.recipe, lock)
  const state = await reportState(store, plan)
  if (state !== undefined) {
    if (state.damages.length > 0) throw damagedImage(state.report.image, state.damages)
    return { loaded, lock, plan, report: state.report }
  }
  throw new StageError('no-image', {
    attempted: `find the image of ${file}`,
    found: 'the store has none for this recipe and lock',
    hint: `run \`ingot build ${file}\`; it does again only what changed`,
  })
}

/** Refuses an image that no boot verified, unless the person takes it upon themselves. Throws `not-verified`. */
export function requireVerified({ report }: BuiltImage, isUnverifiedAllowed: boolean, act: string): void {
  if (report.verdict === 'verified' || isUnverifiedAllowed) return
  throw new StageError('not-verified', {
    attempted: `${act} ${report.name}`,
    found: `the verdict on ${report.image} is "${report.verdict}"`,
    hint: 'run `ingot build` with its boot, or `ingot verify`; --unverified goes on without and records it in the provenance',
  })
}

/** The manifest of a built image with its platform, as an index lists it. Throws `no-image`. */
export async function imageOf(store: Store, { plan, report }: BuiltImage): Promise<Descriptor> {
  const found = await resolveReference(store, report.image)
  if (found === undefined)
    throw new StageError('no-image', {
      attempted: `find ${report.image} of ${report.name}`,
      found: 'the store does not have it any more',
      hint: 'run `ingot build` again',
    })
  const [os = 'linux', architecture = 'amd64'] = plan.platform.split('/')
  return {
    mediaType: found.mediaType,
    digest: found.digest,
    size: found.size,
    platform: { os, architecture },
  }
}
