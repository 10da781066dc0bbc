import { labelNames } from '../../images/oci/label-names.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import type { Report } from '../../images/report/report.ts'
import type { Digest } from '../../lib/digest.ts'
import type { ImageMount } from '../boot/runner.ts'
import type { BuiltImage } from '../catalogue/built-image.ts'
import { StageError } from '../error.ts'
import { statBlob } from '../store/blobs.ts'
import { readImageLabels } from '../store/image.ts'
import { resolveReference } from '../store/reference.ts'
import type { Store } from '../store/store.ts'

/** A built image with all that it needs to boot. */
export interface Subject extends BuiltImage {
  mounts: ImageMount[]
}

/** Finds the weights of an image that does not hold them. Throws `no-image` where the store has none of them. */
export async function subjectOf(image: BuiltImage, store: Store): Promise<Subject> {
  const { plan, report } = image
  const weightsImage = await weightsBeside(plan, report, store)
  if (weightsImage === undefined) return { ...image, mounts: [] }
  const mounts = [{ image: weightsImage, path: plan.weights.modelFolder }]
  return { ...image, report: { ...report, weightsImage }, mounts }
}

/**
 * Weights that are not in the image lie beside it in the store. The report names them by digest; for an image that was not
 * booted those count that a later build of the same weights packed.
 */
async function weightsBeside(
  { name, weights }: ImagePlan,
  report: Report,
  store: Store,
): Promise<Digest | undefined> {
  if (weights.delivery === 'baked') return undefined
  const known = report.weightsImage
  if (known !== undefined && (await statBlob(store, known)) !== undefined) return known
  const found = (await resolveReference(store, `${name}-weights:latest`))?.digest
  if (found && (await readImageLabels(store, found))[labelNames.weights] === weights.setDigest) return found
  throw new StageError('no-image', {
    attempted: `boot ${name}`,
    found: 'its weights are not in the store',
    hint: 'run `ingot build` on its recipe, which packs them to boot it',
  })
}
