import type { Descriptor } from '../../images/oci/oci.ts'
import type { Digest } from '../../lib/digest.ts'
import { type BlobOutcome, ensureBlob } from '../registry-client/blob.ts'
import { RegistryError } from '../registry-client/error.ts'
import { putManifest, putTag } from '../registry-client/manifest.ts'
import { putReferrers } from '../registry-client/referrers.ts'
import type { RegistrySession } from '../registry-client/session.ts'
import { hasBlob } from '../registry-client/upload.ts'
import { reachableBlobs, type StoredManifest } from '../store/closure.ts'
import type { Store } from '../store/store.ts'
import { mapLimited } from '../weights/limit.ts'

export interface PublishRequest {
  store: Store
  session: RegistrySession
  /** The image or index that the tags shall point to. */
  root: Descriptor
  tags: readonly string[]
  /** Manifests in the store that speak about an image of the root: provenance, report, signatures. */
  referrers: readonly Referrer[]
  /** Repositories of the same host that may have a blob. */
  sourcesOf?(digest: Digest): readonly string[]
  /** Blobs sent at the same time. */
  parallel?: number
  chunkBytes?: number
  onProgress?(sentBytes: number, totalBytes: number): void
}

export interface Referrer {
  subject: Digest
  manifest: Descriptor
}

export interface Publication {
  digest: Digest
  tags: string[]
  /** Bytes of the image's blobs by what happened to them. */
  presentBytes: number
  mountedBytes: number
  uploadedBytes: number
  /** Bytes that were sent for the uploads, those of repeated attempts included. */
  sentBytes: number
  /** Everything the repository has now. */
  blobs: Digest[]
}

// More connections than this gain nothing on one machine, and registries count them.
const usualParallel = 4

/**
 * Blobs, then manifests by digest with a re-read, then referrers, and tags last. Whatever goes wrong before the end leaves
 * the tags as they were; a later call goes on from what the registry has. Throws NetworkError, RegistryError and StoreError.
 */
export async function publishImage(request: PublishRequest): Promise<Publication> {
  const { store, session, root, tags } = request
  const closure = await reachableBlobs(store, root)
  const attached = await Promise.all(request.referrers.map(({ manifest }) => reachableBlobs(store, manifest)))
  const blobs = distinct([closure, ...attached].flatMap((item) => item.blobs))
  const moved = await moveBlobs(blobs, request)
  for (const manifest of closure.manifests) await putManifest(session, manifest)
  const referring = request.referrers.flatMap(({ subject }, index) =>
    (attached[index]?.manifests ?? []).map((manifest) => ({ subject, manifest })),
  )
  await putReferrers(session, referring)
  await requireBlobs(session, moved)
  for (const tag of tags) await putTag(session, rootOf(closure.manifests), tag)
  const bytesOf = (wanted: BlobOutcome) =>
    moved.blobs.reduce((sum, { blob, outcome }) => sum + (outcome === wanted ? blob.size : 0), 0)
  return {
    digest: root.digest,
    tags: [...tags],
    presentBytes: bytesOf('present'),
    mountedBytes: bytesOf('mounted'),
    uploadedBytes: bytesOf('uploaded'),
    sentBytes: moved.sentBytes,
    blobs: moved.blobs.map(({ blob }) => blob.digest),
  }
}

interface TransferResult {
  blobs: { blob: Descriptor; outcome: BlobOutcome }[]
  sentBytes: number
}

/** The largest first, so that no single one is left to the end. */
async function moveBlobs(blobs: readonly Descriptor[], request: PublishRequest): Promise<TransferResult> {
  const { session, store, parallel = usualParallel, chunkBytes, onProgress } = request
  const totalBytes = blobs.reduce((sum, { size }) => sum + size, 0)
  let settledBytes = 0
  let sentBytes = 0
  const outcomes = await mapLimited(
    [...blobs].sort((a, b) => b.size - a.size),
    parallel,
    async (blob, signal) => {
      let ofThisBytes = 0
      const outcome = await ensureBlob(session.within(signal), blob, {
        store,
        chunkBytes,
        mountFrom: request.sourcesOf?.(blob.digest) ?? [],
        onSent(sizeBytes) {
          sentBytes += sizeBytes
          // Bytes sent a second time are no progress.
          const counted = Math.min(sizeBytes, blob.size - ofThisBytes)
          ofThisBytes += counted
          settledBytes += counted
          onProgress?.(settledBytes, totalBytes)
        },
      })
      settledBytes += blob.size - ofThisBytes
      onProgress?.(settledBytes, totalBytes)
      return { blob, outcome }
    },
  )
  return { blobs: outcomes, sentBytes }
}

/** What a registry said it took is asked for once more before any tag may point to it. */
async function requireBlobs(session: RegistrySession, { blobs }: TransferResult): Promise<void> {
  const taken = blobs.filter(({ outcome }) => outcome !== 'present')
  await mapLimited(taken, usualParallel, async ({ blob }, signal) => {
    if (await hasBlob(session.within(signal), blob.digest)) return
    throw new RegistryError('mismatch', {
      attempted: `find ${blob.digest} in ${session.target.host}/${session.target.name}`,
      found: 'the registry took it and does not have it',
      hint: 'its storage loses blobs or collects garbage meanwhile; publish again when that has ended. No tag was changed',
    })
  })
}

function rootOf(manifests: readonly StoredManifest[]): StoredManifest {
  const root = manifests.at(-1)
  if (root) return root
  throw new RegistryError('no-image', {
    attempted: 'publish an image',
    found: 'it has no manifest',
    hint: 'build it again',
  })
}

function distinct(blobs: readonly Descriptor[]): Descriptor[] {
  return [...new Map(blobs.map((blob) => [blob.digest, blob])).values()]
}
