import { type Digest, digestOf, hexOf } from '../../lib/digest.ts'
import { type Descriptor, describe, type Index, mediaTypes } from './oci.ts'

/** Manifests that speak about an image: signatures, attestations, documents. */
export interface ImageReferrers {
  image: Digest
  referrers: readonly Descriptor[]
}

/** An index over the manifests of one image, by the tag that the distribution spec names for registries without referrers. */
export interface ReferrersIndex {
  image: Digest
  tag: string
  bytes: string
  descriptor: Descriptor
}

/**
 * skopeo 1.9 writes an index anew with the members it knows, in the order of its struct, and refuses to copy one that would
 * change by that: so no `artifactType` here, and this order. Registries with the referrers API read it in the manifests.
 */
export function attachedIndex({ image, referrers }: ImageReferrers): ReferrersIndex {
  const manifests = [...referrers]
    .sort((a, b) => (a.digest < b.digest ? -1 : 1))
    .map(({ mediaType, digest, size }) => ({ mediaType, digest, size }))
  const bytes = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests } satisfies Index)
  return {
    image,
    tag: `sha256-${hexOf(image)}`,
    bytes,
    descriptor: { mediaType: mediaTypes.index, digest: digestOf(bytes), size: Buffer.byteLength(bytes) },
  }
}

/** index.json of the layout that holds them. */
export function attachedLayoutIndex(indexes: readonly ReferrersIndex[]): string {
  const index = {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: indexes.map(({ descriptor, tag }) => ({
      ...descriptor,
      annotations: { 'org.opencontainers.image.ref.name': tag },
    })),
  } satisfies Index
  return describe(mediaTypes.index, index).bytes
}

/** `IMAGE INDEX` a line, for the loader. */
export function attachedText(indexes: readonly ReferrersIndex[]): string {
  return indexes.map(({ image, descriptor }) => `${image} ${descriptor.digest}\n`).join('')
}
