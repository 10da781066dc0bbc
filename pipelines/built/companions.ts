import type { Descriptor } from '../../images/oci.ts'
import type { ImagePlan } from '../../images/plan.ts'
import { readImageConfig } from '../store/image.ts'
import { resolveReference } from '../store/reference.ts'
import type { Store } from '../store/store.ts'
import type { BuiltImage } from './image.ts'

/** Images of weights that the recipes deliver beside the server, if the store's are of the same weights. */
export async function companionsOf(
  store: Store,
  built: readonly BuiltImage[],
): Promise<{ name: string; image: Descriptor }[]> {
  const found: { name: string; image: Descriptor }[] = []
  for (const { plan } of built)
    for (const name of companionNames(plan)) {
      const image = await resolveReference(store, `${plan.name}-${name}:latest`)
      if (image === undefined) continue
      // A ModelPack is no image and has no labels.
      const isOurs = name === 'modelpack' || (await setDigestOf(store, image)) === plan.weights.setDigest
      if (isOurs) found.push({ name, image })
    }
  return found
}

function companionNames({ weights }: ImagePlan): string[] {
  if (weights.delivery !== 'artifact') return []
  return ['weights', 'modelpack', ...(weights.modelcar ? ['modelcar'] : [])]
}

async function setDigestOf(store: Store, image: Descriptor): Promise<string | undefined> {
  return (await readImageConfig(store, image.digest)).config.Labels?.['dev.ingot.weights']
}
