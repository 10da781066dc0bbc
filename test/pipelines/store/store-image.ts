import type { AssembledImage } from '../../../images/oci/oci.ts'
import type { Digest } from '../../../lib/digest.ts'
import { writeImage } from '../../../pipelines/store/image.ts'
import { keepManifest, setReference } from '../../../pipelines/store/reference.ts'
import type { Store } from '../../../pipelines/store/store.ts'

/** Writes config and manifest and names the image, or keeps it by digest alone when no name is given. */
export async function storeImage(store: Store, image: AssembledImage, name?: string): Promise<Digest> {
  await writeImage(store, image)
  if (name === undefined) await keepManifest(store, image.manifest.descriptor)
  else await setReference(store, name, image.manifest.descriptor)
  return image.manifest.descriptor.digest
}
