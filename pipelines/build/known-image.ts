import type { StoredLayer } from '../../images/oci/oci.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import type { Report } from '../../images/report/report.ts'
import type { WholeWeights } from '../../recipes/pinned-parts.ts'
import { lacksCompanions } from '../catalogue/companions.ts'
import { reportState } from '../catalogue/report-record.ts'
import type { Run } from '../process/run.ts'
import { damagesIn, damageText } from '../store/damage.ts'
import { type ImageName, nameImages } from '../store/image.ts'
import type { Store } from '../store/store.ts'
import type { ModelcarContext } from './modelcar.ts'

export interface KnownContext extends Run {
  store: Store
  /** Whether the image has to be a verified one. */
  verify: boolean
}

/**
 * The report that an equal plan gave before, if its image is still what was judged. Says why when it is not: what is
 * missing or damaged is made again and judged again.
 */
export async function knownImage(plan: ImagePlan, context: KnownContext): Promise<Report | undefined> {
  const { store, progress, signal, verify } = context
  const onBytes = (done: number, total: number) =>
    progress.bytes('hash what changed in the store', done, total)
  const state = await reportState(store, plan, { by: 'stamp', onBytes, signal })
  if (state === undefined) return undefined
  const { report, damages } = state
  if (damages.length > 0) {
    const list = damages.map(damageText).join('; ')
    progress.step(
      `${report.image}, judged "${report.verdict}" before, is not whole and is built again: ${list}`,
    )
    return undefined
  }
  return verify && report.verdict !== 'verified' ? undefined : report
}

/**
 * Gives an image that was judged before its names again, and makes those of its weights again, which may have been pruned
 * while it stayed. False when the weights are other ones than it was judged with.
 */
export async function restoreImages(
  plan: ImagePlan,
  weights: WholeWeights,
  known: Report,
  context: ModelcarContext & { pack(): Promise<StoredLayer[]> },
): Promise<boolean> {
  const { store, progress, pack } = context
  let names = weightsNamesOf(plan, known)
  if (await lacksWeights(store, plan, known)) {
    progress.step('make the images of the weights again')
    const { storeWeightsImages } = await import('./weights-images.ts')
    const made = await storeWeightsImages(plan, weights, await pack(), context)
    const [mount] = made.mounts
    if (mount && known.weightsImage && mount.image !== known.weightsImage) return false
    names = made.names
  }
  await nameJudged(store, known, names)
  return true
}

/** What failed carries no name: the one from before stays where it was. */
export async function nameJudged(
  store: Store,
  { name, image, verdict }: Report,
  weights: readonly ImageName[],
): Promise<void> {
  if (verdict !== 'failed') await nameImages(store, [...weights, { name: `${name}:latest`, image }])
}

/** Whether images of the weights, which lie beside the server's, are not in the store as they were made. */
async function lacksWeights(store: Store, plan: ImagePlan, { weightsImage }: Report): Promise<boolean> {
  if (await lacksCompanions(store, plan)) return true
  const images = weightsImage === undefined ? [] : [weightsImage]
  return (await damagesIn(store, images, { by: 'stamp' })).length > 0
}

/** The name of the weights that an image was booted with, where its own does not hold them. */
function weightsNamesOf(plan: ImagePlan, { weightsImage }: Report): ImageName[] {
  return weightsImage === undefined ? [] : [{ name: `${plan.name}-weights:latest`, image: weightsImage }]
}
