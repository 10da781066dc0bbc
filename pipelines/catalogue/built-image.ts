import type { Descriptor } from '../../images/oci/oci.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import type { Report } from '../../images/report/report.ts'
import { StageError } from '../error.ts'
import type { LockedRecipe } from '../lock/locked-recipe.ts'
import { resolveReference } from '../store/reference.ts'
import type { Store } from '../store/store.ts'

/** An image that was built: what it was to be and what is known of it. */
export interface BuiltImage {
  plan: ImagePlan
  report: Report
  /** What it was made from; absent where it is named without its recipe and the store does not say. */
  origin?: LockedRecipe
}

/** One of which it is known what it was made from, as everything that leaves has to say. */
export interface OriginalImage extends BuiltImage {
  origin: LockedRecipe
}

/** Refuses an image whose recipe is not known. `act` says what for, as in "publish". Throws `no-recipe`. */
export function requireOrigin(image: BuiltImage, act: string): OriginalImage {
  const { origin, report } = image
  if (origin !== undefined) return { ...image, origin }
  throw new StageError('no-recipe', {
    attempted: `${act} ${report.image} of ${report.name}`,
    found: 'the store does not say which recipe and lock it was made from',
    hint: `run \`ingot ${act}\` with its recipe, or \`ingot build\` on that once, which keeps both`,
  })
}

/** What is made with a provenance, which says that nobody verified the image. */
const leaves = ['publish', 'bundle']

/** Refuses an image that no boot verified, unless the person takes it upon themselves. Throws `not-verified`. */
export function requireVerified({ report }: BuiltImage, isUnverifiedAllowed: boolean, act: string): void {
  if (report.verdict === 'verified' || isUnverifiedAllowed) return
  throw new StageError('not-verified', {
    attempted: `${act} ${report.name}`,
    found: `the verdict on ${report.image} is "${report.verdict}"`,
    hint: `run \`ingot build\` with its boot, or \`ingot verify\`; --unverified goes on without${leaves.includes(act) ? ' and records it in the provenance' : ''}`,
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
