import { labelNames } from '../../images/oci/label-names.ts'
import type { Descriptor } from '../../images/oci/oci.ts'
import { modelcarPart } from '../../images/plan/modelcar.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import type { Digest } from '../../lib/digest.ts'
import { damagesIn } from '../store/damage.ts'
import { StoreError } from '../store/error.ts'
import { readImageLabels, readImageManifest } from '../store/image.ts'
import { resolveReference } from '../store/reference.ts'
import type { Store } from '../store/store.ts'
import type { BuiltImage } from './built-image.ts'

/** An image that a recipe delivers beside the server. */
export interface Companion {
  name: 'weights' | 'modelpack' | 'modelcar'
  image: Descriptor
  /** Layers with programs, which are listed and scanned as a server's are. */
  programs: Digest[]
}

/** Whether an image that the recipe delivers beside the server's is not in the store, or not as it was made. */
export async function lacksCompanions(store: Store, plan: ImagePlan): Promise<boolean> {
  try {
    const found = await companionsOf(store, { plan })
    if (found.length < companionNames(plan).length) return true
    const images = found.map(({ image }) => image.digest)
    return (await damagesIn(store, images, { by: 'stamp' })).length > 0
  } catch (error) {
    if (isLost(error)) return true
    throw error
  }
}

function isLost(error: unknown): boolean {
  return error instanceof StoreError && (error.code === 'missing-blob' || error.code === 'corrupt-blob')
}

/** Images of weights that a recipe delivers beside the server, if the store's are of the same weights. */
export async function companionsOf(store: Store, { plan }: Pick<BuiltImage, 'plan'>): Promise<Companion[]> {
  const found: Companion[] = []
  for (const name of companionNames(plan)) {
    const image = await resolveReference(store, `${plan.name}-${name}:latest`)
    if (image === undefined) continue
    // A ModelPack is no image and has no labels.
    const isOurs = name === 'modelpack' || (await setDigestOf(store, image)) === plan.weights.setDigest
    if (isOurs) found.push({ name, image, programs: await programsOf(store, name, image, plan) })
  }
  return found
}

function companionNames({ weights }: ImagePlan): Companion['name'][] {
  if (weights.delivery !== 'artifact') return []
  return ['weights', 'modelpack', ...(weights.modelcar ? (['modelcar'] as const) : [])]
}

async function programsOf(store: Store, name: string, { digest }: Descriptor, plan: ImagePlan) {
  if (name !== 'modelcar') return []
  const { layers } = await readImageManifest(store, digest)
  return modelcarPart(layers, plan.weights.layers).map((layer) => layer.digest)
}

async function setDigestOf(store: Store, image: Descriptor): Promise<string | undefined> {
  return (await readImageLabels(store, image.digest))[labelNames.weights]
}
