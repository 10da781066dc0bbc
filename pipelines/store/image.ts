import { z } from 'zod'
import type { AssembledImage, ImageConfig, Manifest } from '../../images/oci/oci.ts'
import type { Digest } from '../../lib/digest.ts'
import { missingBlob, readBlobText } from './blobs.ts'
import { isDescriptor, jsonObjectOf } from './manifest.ts'
import { resolveReference, setReference } from './reference.ts'
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

/** Labels of an image in the store; none of what is no image. Fails like every blob read when it is missing or corrupt. */
export async function readImageLabels(store: Store, image: Digest): Promise<Record<string, string>> {
  const manifest = jsonObjectOf(await readBlobText(store, image))
  const descriptor = manifest?.['config']
  if (!isDescriptor(descriptor)) return {}
  const config = labelled.safeParse(jsonObjectOf(await readBlobText(store, descriptor.digest)))
  return config.data?.config.Labels ?? {}
}

/** Written by whoever pushed the image. */
const labelled = z.object({ config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }) })

/** Writes config and manifest. Without a name `prune` takes the image, but not while this process uses the store. */
export async function writeImage(store: Store, image: AssembledImage): Promise<Digest> {
  await writeBlobText(store, image.config.bytes)
  await writeBlobText(store, image.manifest.bytes)
  return image.manifest.descriptor.digest
}

/** A name that an image shall have. */
export interface ImageName {
  name: string
  image: Digest
}

/** Points names at images of the store; one that points there already is not written. Throws `missing-blob`. */
export async function nameImages(store: Store, names: readonly ImageName[]): Promise<void> {
  for (const { name, image } of names) {
    if ((await resolveReference(store, name))?.digest === image) continue
    const descriptor = await resolveReference(store, image)
    if (descriptor === undefined) throw missingBlob(image)
    await setReference(store, name, descriptor)
  }
}
