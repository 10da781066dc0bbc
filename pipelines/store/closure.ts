import type { Descriptor } from '../../images/oci/oci.ts'
import type { Digest } from '../../lib/digest.ts'
import { missingBlob, readBlobText } from './blobs.ts'
import { StoreError } from './error.ts'
import { knownBytes } from './foreign.ts'
import { indexTypes, manifestTypes, parseManifest } from './manifest.ts'
import type { Store } from './store.ts'

/** A manifest as it is sent: its own bytes under their own type. */
export interface StoredManifest {
  descriptor: Descriptor
  text: string
}

/** Everything that one digest needs, each once: blobs in any order, manifests with children before parents. */
export interface ReachableBlobs {
  blobs: Descriptor[]
  manifests: StoredManifest[]
}

/** Follows a manifest or an index through the store. Throws `missing-blob`, `corrupt-blob` and `size-mismatch`. */
export async function reachableBlobs(store: Store, root: Descriptor): Promise<ReachableBlobs> {
  const blobs = new Map<Digest, Descriptor>()
  const manifests = new Map<Digest, StoredManifest>()
  async function follow(descriptor: Descriptor): Promise<void> {
    if (manifests.has(descriptor.digest)) return
    const text = await readBlobText(store, descriptor.digest)
    const facts = parseManifest(text)
    if (!facts) throw noManifest(descriptor.digest)
    for (const child of facts.children) {
      if (manifestTypes.includes(child.mediaType) && indexTypes.includes(facts.mediaType)) await follow(child)
      else blobs.set(child.digest, await requireSize(store, child))
    }
    manifests.set(descriptor.digest, { descriptor: { ...descriptor, mediaType: facts.mediaType }, text })
  }
  await follow(root)
  return { blobs: [...blobs.values()], manifests: [...manifests.values()] }
}

async function requireSize(store: Store, descriptor: Descriptor): Promise<Descriptor> {
  const sizeBytes = await knownBytes(store, descriptor.digest)
  if (sizeBytes === undefined) throw missingBlob(descriptor.digest)
  if (sizeBytes === descriptor.size) return descriptor
  throw new StoreError('size-mismatch', {
    attempted: `read blob ${descriptor.digest}`,
    found: `it has ${sizeBytes} bytes and its manifest says ${descriptor.size}`,
    hint: 'check the disk, remove the blob and build again',
  })
}

function noManifest(digest: Digest): StoreError {
  return new StoreError('corrupt-blob', {
    attempted: `read the manifest ${digest}`,
    found: 'it is neither an image manifest nor an index',
    hint: 'build the image again',
  })
}
