import type { Descriptor } from '../../images/oci.ts'
import type { ImagePlan } from '../../images/plan.ts'
import { modelcarPart } from '../../images/weights/modelcar.ts'
import type { Digest } from '../../lib/digest.ts'
import { readImageConfig, readImageManifest } from '../store/image.ts'
import { resolveReference } from '../store/reference.ts'
import type { Store } from '../store/store.ts'
import type { BuiltImage } from './image.ts'

/** An image that a recipe delivers beside the server. */
export interface Companion {
  name: 'weights' | 'modelpack' | 'modelcar'
  image: Descriptor
  /** Layers with programs, which are listed and scanned as a server's are. */
  programs: Digest[]
}

/** Whether an image that the recipe delivers beside the server's is not in the store. */
export async function lacksCompanions(store: Store, plan: ImagePlan): Promise<boolean> {
  return (await companionsOf(store, { plan })).length < companionNames(plan).length
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
  return (await readImageConfig(store, image.digest)).config.Labels?.['dev.ingot.weights']
}
