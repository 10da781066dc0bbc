import type { AssembledImage, ImageConfig, Manifest } from '../../images/oci.ts'
import type { Digest } from '../../lib/digest.ts'
import { readBlobText } from './blobs.ts'
import { keepManifest, setReference } from './reference.ts'
import type { Store } from './store.ts'
import { writeBlobText } from './write.ts'

/** The manifest of an image in the store; fails like every blob read when it is missing or corrupt. */
export async function readImageManifest(store: Store, image: Digest): Promise<Manifest> {
  // Blobs are verified against their digest, and only this program puts manifests in the index.
  return JSON.parse(await readBlobText(store, image)) as Manifest
}

export async function readImageConfig(store: Store, image: Digest): Promise<ImageConfig> {
  const manifest = await readImageManifest(store, image)
  return JSON.parse(await readBlobText(store, manifest.config.digest)) as ImageConfig
}

/** Writes config and manifest and names the image, or keeps it by digest alone when no name is given. */
export async function storeImage(store: Store, image: AssembledImage, name?: string): Promise<Digest> {
  await writeBlobText(store, image.config.bytes)
  await writeBlobText(store, image.manifest.bytes)
  if (name === undefined) await keepManifest(store, image.manifest.descriptor)
  else await setReference(store, name, image.manifest.descriptor)
  return image.manifest.descriptor.digest
}
