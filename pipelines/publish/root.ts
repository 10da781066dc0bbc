import { type Descriptor, describe, type Index, mediaTypes } from '../../images/oci/oci.ts'
import { commonAnnotations } from '../../images/plan/annotations.ts'
import { RegistryError } from '../registry-client/error.ts'
import { readManifestFacts } from '../store/manifest.ts'
import { setReference } from '../store/reference.ts'
import type { Store } from '../store/store.ts'
import { writeBlobText } from '../store/write.ts'

/** What tags point to: the image itself, or an index over the images of several platforms. Throws `bad-reference`. */
export async function publishedRoot(
  store: Store,
  name: string,
  images: readonly Descriptor[],
): Promise<Descriptor> {
  const [only, ...others] = images
  if (only !== undefined && others.length === 0) return only
  const platforms = images.map(({ platform }) => `${platform?.os}/${platform?.architecture}`)
  if (new Set(platforms).size !== platforms.length)
    throw new RegistryError('bad-reference', {
      attempted: 'publish several recipes under one reference',
      found: `their platforms are ${platforms.join(', ')}`,
      hint: 'give each recipe its own platform, or publish them to references of their own',
    })
  const facts = await Promise.all(images.map(({ digest }) => readManifestFacts(store, digest)))
  const annotations = commonAnnotations(facts.map((one) => one?.annotations ?? {}))
  const { bytes, descriptor } = describe(mediaTypes.index, {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: [...images],
    ...(Object.keys(annotations).length > 0 && { annotations }),
  } satisfies Index)
  await writeBlobText(store, bytes)
  await setReference(store, `${name}:index`, descriptor)
  return descriptor
}
