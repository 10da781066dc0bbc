import {
  attachedIndex,
  attachedLayoutIndex,
  attachedText,
  type ImageReferrers,
} from '../../images/oci/attached.ts'
import { blobFilePath } from '../../images/oci/bundle.ts'
import type { Descriptor } from '../../images/oci/oci.ts'
import type { Digest } from '../../lib/digest.ts'
import { storeAttachments } from '../outgoing/attachments.ts'
import { attest, type DocumentedImage, signModels } from '../outgoing/attestations.ts'
import type { StatementSigner } from '../outgoing/signatures.ts'
import { reachableBlobs } from '../store/closure.ts'
import type { Store } from '../store/store.ts'
import { type BundleEntry, blobEntry, textEntry } from './contents.ts'

/** A signed statement in a bundle, as `verify.sh` is told of it. */
export interface BundledAttestation {
  image: Digest
  predicateType: string
  path: string
}

/** What goes along with one image: files for people and cosign, manifests for a registry. */
export interface BundledStatements {
  files: BundleEntry[]
  attestations: BundledAttestation[]
  attached: ImageReferrers
}

/** Stores what is said of an image, signed where that is asked for. Its name is a folder of the bundle. */
export async function spokenOf(
  store: Store,
  said: DocumentedImage,
  sign: StatementSigner | undefined,
): Promise<BundledStatements> {
  const { name, image, documents } = said
  const made = sign === undefined ? [] : await attest(store, said, sign)
  const attestations = made.map((attestation) => ({
    image: image.digest,
    predicateType: attestation.predicateType,
    path: `attestations/${name}/${attestation.name}.sigstore.json`,
    bundle: attestation.bundle,
  }))
  const files = attestations.map(({ path, bundle }) => ({
    ...blobEntry(store, bundle.digest, bundle.size),
    path,
  }))
  const models = sign === undefined ? [] : await signModels(store, said, sign)
  const signatures = models.map(({ path, bundle }) => ({
    ...blobEntry(store, bundle.digest, bundle.size),
    path: `model-signatures/${name}/${path}`,
  }))
  const unsigned = await storeAttachments(store, documents, image)
  const referrers = [...unsigned, ...[...made, ...models].map(({ manifest }) => manifest)]
  return { files: [...files, ...signatures], attestations, attached: { image: image.digest, referrers } }
}

/**
 * A second layout with what speaks about the images, for `load.sh --to`. Apart from the first, since an index with manifests
 * that no container tool knows makes `podman load` refuse.
 */
export async function attachedEntries(store: Store, all: readonly ImageReferrers[]): Promise<BundleEntry[]> {
  const indexes = byImage(all).map(attachedIndex)
  if (indexes.length === 0) return []
  const blobs = new Map<Digest, Descriptor>()
  for (const referrer of all.flatMap(({ referrers }) => referrers))
    for (const blob of [referrer, ...(await reachableBlobs(store, referrer)).blobs])
      blobs.set(blob.digest, blob)
  const place = (path: string) => `attached/${path}`
  return [
    textEntry(place('oci-layout'), '{"imageLayoutVersion":"1.0.0"}'),
    textEntry(place('index.json'), attachedLayoutIndex(indexes)),
    textEntry(place('INDEXES'), attachedText(indexes)),
    ...indexes.map(({ bytes, descriptor }) => textEntry(place(blobFilePath(descriptor.digest)), bytes)),
    ...[...blobs.values()].map(({ digest, size }) => ({
      ...blobEntry(store, digest, size),
      path: place(blobFilePath(digest)),
    })),
  ]
}

/** Recipes of one model may have the same image beside them, under two names. */
function byImage(all: readonly ImageReferrers[]): ImageReferrers[] {
  const found = new Map<Digest, Descriptor[]>()
  for (const { image, referrers } of all) {
    const others = found.get(image) ?? []
    const more = referrers.filter(({ digest }) => others.every((other) => other.digest !== digest))
    found.set(image, [...others, ...more])
  }
  return [...found].flatMap(([image, referrers]) => (referrers.length > 0 ? [{ image, referrers }] : []))
}
