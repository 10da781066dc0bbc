import { z } from 'zod'
import type { AssembledImage, Descriptor, ImageConfig, Manifest } from '../../images/oci/oci.ts'
import { type Digest, isDigest } from '../../lib/digest.ts'
import { missingBlob, readBlobText } from './blobs.ts'
import { StoreError } from './error.ts'
import { isDescriptor, jsonObjectOf } from './manifest.ts'
import { resolveReference, setReference } from './reference.ts'
import type { Store } from './store.ts'
import { writeBlobText } from './write.ts'

/** The manifest of an image in the store. Throws what a blob read throws, and `corrupt-blob` for what is none. */
export async function readImageManifest(store: Store, image: Digest): Promise<Manifest> {
  return readDocument(store, image, { isOne: isManifest, what: 'the manifest of an image' })
}

export async function readImageConfig(store: Store, image: Digest): Promise<ImageConfig> {
  const { config } = await readImageManifest(store, image)
  return readDocument(store, config.digest, { isOne: isConfig, what: 'the config of an image' })
}

interface DocumentKind<Value> {
  isOne(value: unknown): value is Value
  what: string
}

/** A registry of this store, or another program, may have put it there. */
async function readDocument<Value>(
  store: Store,
  digest: Digest,
  { isOne, what }: DocumentKind<Value>,
): Promise<Value> {
  const value: unknown = jsonObjectOf(await readBlobText(store, digest))
  if (isOne(value)) return value
  throw new StoreError('corrupt-blob', {
    attempted: `read ${what}, ${digest}`,
    found: 'it is a document of another kind',
    hint: 'name an image that `ingot list` shows, or build it again',
  })
}

const descriptor = z.custom<Descriptor>(isDescriptor)
const manifest = z.object({ config: descriptor, layers: z.array(descriptor) })
const config = z.object({
  os: z.string(),
  architecture: z.string(),
  config: z.looseObject({}),
  rootfs: z.object({ diff_ids: z.array(z.string().refine(isDigest)) }),
})

function isManifest(value: unknown): value is Manifest {
  return manifest.safeParse(value).success
}

function isConfig(value: unknown): value is ImageConfig {
  return config.safeParse(value).success
}

/** Labels of an image in the store; none of what is no image. Fails like every blob read when it is missing or corrupt. */
export async function readImageLabels(store: Store, image: Digest): Promise<Record<string, string>> {
  const pointer = jsonObjectOf(await readBlobText(store, image))?.['config']
  if (!isDescriptor(pointer)) return {}
  const found = labelled.safeParse(jsonObjectOf(await readBlobText(store, pointer.digest)))
  return found.data?.config.Labels ?? {}
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
