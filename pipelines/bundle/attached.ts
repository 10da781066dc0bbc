import { type Attached, attachedIndex, attachedLayoutIndex, attachedText } from '../../images/attached.ts'
import { attestationManifest, signatureType } from '../../images/attestation.ts'
import { blobFilePath } from '../../images/bundle.ts'
import { type Descriptor, describe, mediaTypes } from '../../images/oci.ts'
import type { Digest } from '../../lib/digest.ts'
import { storeAttachments } from '../built/attachments.ts'
import { closureOf } from '../built/closure.ts'
import type { ImageDocument } from '../built/documents.ts'
import { keepManifest } from '../store/reference.ts'
import type { Store } from '../store/store.ts'
import { writeBlobText } from '../store/write.ts'
import { type BundleEntry, blobEntry, textEntry } from './contents.ts'
import type { Sign, Statement } from './signatures.ts'

/** A signed statement in a bundle, as `verify.sh` is told of it. */
export interface BundledAttestation {
  image: Digest
  predicateType: string
  path: string
}

/** What goes along with one image: files for people and cosign, manifests for a registry. */
export interface Spoken {
  files: BundleEntry[]
  attestations: BundledAttestation[]
  attached: Attached
}

/** Stores what is said of an image, signed where that is asked for. `name` is a folder of the bundle. */
export async function spokenOf(
  store: Store,
  { name, image, documents }: { name: string; image: Descriptor; documents: readonly ImageDocument[] },
  sign: Sign | undefined,
): Promise<Spoken> {
  const referrers = await storeAttachments(store, documents, image)
  const files: BundleEntry[] = []
  const attestations: BundledAttestation[] = []
  for (const { file, statement } of sign === undefined ? [] : statementsOf(name, image.digest, documents)) {
    const bundle = await sign?.(statement)
    if (bundle === undefined) continue
    const path = `attestations/${name}/${file}.sigstore.json`
    files.push({ ...blobEntry(store, bundle.digest, bundle.size), path })
    attestations.push({ image: image.digest, predicateType: statement.predicateType, path })
    referrers.push(await storeAttestation(store, image, bundle, statement.predicateType))
  }
  return { files, attestations, attached: { image: image.digest, referrers } }
}

function statementsOf(name: string, digest: Digest, documents: readonly ImageDocument[]) {
  const said = documents.map((document) => ({
    file: document.name,
    statement: {
      subject: { name, digest },
      predicateType: document.predicateType,
      predicate: JSON.parse(document.predicate),
    } satisfies Statement,
  }))
  const signature = { subject: { digest }, predicateType: signatureType, predicate: {} } satisfies Statement
  return [{ file: 'signature', statement: signature }, ...said]
}

/** Kept as long as its image is. */
async function storeAttestation(
  store: Store,
  image: Descriptor,
  bundle: Descriptor,
  predicateType: string,
): Promise<Descriptor> {
  const { digest, sizeBytes } = await writeBlobText(store, '{}')
  const config = { mediaType: mediaTypes.empty, digest, size: sizeBytes }
  const manifest = describe(mediaTypes.manifest, attestationManifest(image, bundle, config, predicateType))
  await writeBlobText(store, manifest.bytes)
  await keepManifest(store, manifest.descriptor)
  return manifest.descriptor
}

/**
 * A second layout with what speaks about the images, for `load.sh --to`. Apart from the first, since an index with manifests
 * that no container tool knows makes `podman load` refuse.
 */
export async function attachedEntries(store: Store, all: readonly Attached[]): Promise<BundleEntry[]> {
  const indexes = byImage(all).map(attachedIndex)
  if (indexes.length === 0) return []
  const blobs = new Map<Digest, Descriptor>()
  for (const referrer of all.flatMap(({ referrers }) => referrers))
    for (const blob of [referrer, ...(await closureOf(store, referrer)).blobs]) blobs.set(blob.digest, blob)
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
function byImage(all: readonly Attached[]): Attached[] {
  const found = new Map<Digest, Descriptor[]>()
  for (const { image, referrers } of all) {
    const others = found.get(image) ?? []
    const more = referrers.filter(({ digest }) => others.every((other) => other.digest !== digest))
    found.set(image, [...others, ...more])
  }
  return [...found].flatMap(([image, referrers]) => (referrers.length > 0 ? [{ image, referrers }] : []))
}
