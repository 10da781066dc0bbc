import { weightsImage } from '../../images/weights/artifact.ts'
import { planWeightLayers } from '../../images/weights/layers.ts'
import type { Digest } from '../../lib/digest.ts'
import { type LockedWeights, wholeFiles } from '../../recipes/locked-weights.ts'
import { writeImage } from '../store/image.ts'
import type { Store } from '../store/store.ts'
import { type PackContext, packWeights } from '../weights/pack.ts'

/** Where weights lie for the programs that read them. */
export const sourceFolder = '/source'

/** Puts weights into the store as an image of their own, which the engine pulls from there; gives its digest. Throws as `packWeights`. */
export async function sourceImage(
  store: Store,
  weights: LockedWeights,
  platform: string,
  context: PackContext,
): Promise<Digest> {
  const files = wholeFiles(weights.files)
  const whole = { ...weights, files }
  const planned = planWeightLayers(files, { modelFolder: sourceFolder })
  const stored = await packWeights(store, whole, planned, context)
  const layers = planned.flatMap((plan, index) => {
    const layer = stored[index]
    return layer === undefined ? [] : [{ plan, stored: layer }]
  })
  return writeImage(store, weightsImage(layers, whole, platform))
}
