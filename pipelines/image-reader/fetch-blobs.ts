import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Descriptor } from '../../images/oci/oci.ts'
import type { Digest } from '../../lib/digest.ts'
import { intactBytes } from '../store/damage.ts'
import { refuseUnexpected } from '../store/draft.ts'
import { storeErrorFrom } from '../store/error.ts'
import { foreignBlob } from '../store/foreign.ts'
import { commitPartial, newPartial } from '../store/partial.ts'
import type { Store } from '../store/store.ts'
import { mapLimited } from '../weights/limit.ts'
import { type RegistryOptions, type RegistryPlace, registryPlace } from './registry.ts'

export interface BlobFetchOptions extends RegistryOptions {
  onProgress(doneBytes: number, totalBytes: number): void
}

/** A blob that is not here, and the repository that has it. */
interface BlobRequest {
  place: RegistryPlace
  blob: Pick<Descriptor, 'digest' | 'size'>
}

interface BlobFetch extends BlobRequest {
  signal: AbortSignal
}

const usualParallel = 4

/** Brings blobs of one repository into the store; those that are there already are not asked for. */
export function fetchBlobs(
  store: Store,
  place: RegistryPlace,
  blobs: readonly Pick<Descriptor, 'digest' | 'size'>[],
  options: BlobFetchOptions,
): Promise<void> {
  return fetchAll(
    store,
    blobs.map((blob) => ({ place, blob })),
    options,
  )
}

/** Brings those blobs into the store that a build left in registries. */
export async function fetchForeign(
  store: Store,
  digests: readonly Digest[],
  options: BlobFetchOptions,
): Promise<void> {
  const places = new Map<string, RegistryPlace>()
  const wanted: BlobRequest[] = []
  for (const digest of digests) {
    const foreign = await foreignBlob(store, digest)
    if (foreign === undefined || (await intactBytes(store, { digest })) !== undefined) continue
    const place = places.get(foreign.repository) ?? registryPlace(foreign.repository, options)
    places.set(foreign.repository, place)
    wanted.push({ place, blob: { digest, size: foreign.sizeBytes } })
  }
  try {
    await fetchAll(store, wanted, options)
  } finally {
    await Promise.all([...places.values()].map((place) => place.close()))
  }
}

async function fetchAll(
  store: Store,
  wanted: readonly BlobRequest[],
  { onProgress, signal: outer }: BlobFetchOptions,
): Promise<void> {
  const totalBytes = wanted.reduce((sum, { blob }) => sum + blob.size, 0)
  let doneBytes = 0
  const onBytes = (bytes: number) => {
    doneBytes += bytes
    onProgress(doneBytes, totalBytes)
  }
  await mapLimited(
    wanted,
    usualParallel,
    (item, signal) => fetchBlob(store, { ...item, signal }, onBytes),
    outer,
  )
}

/** One download that a later run goes on with. Throws `SizeError` and, for other bytes than asked for, `digest-mismatch`. */
async function fetchBlob(store: Store, wanted: BlobFetch, onBytes: (bytes: number) => void): Promise<void> {
  const { digest, size } = wanted.blob
  const partial = await newPartial(store, digest, { signal: wanted.signal })
  try {
    // Another process may have brought it while this one waited.
    if ((await intactBytes(store, wanted.blob)) !== undefined) return onBytes(size)
    let found = await download(wanted, partial.path, partial.sizeBytes, onBytes)
    // What an earlier run left may be torn by a power cut: then it is all read once more.
    if (found !== digest && partial.sizeBytes > 0) found = await download(wanted, partial.path, 0, () => {})
    if (found !== digest) await rm(partial.path, { force: true })
    refuseUnexpected({ digest: found, sizeBytes: size }, { digest })
    await commitPartial(store, partial.path, digest, size)
  } finally {
    partial.release()
  }
}

async function download(
  { place, blob: { digest, size }, signal }: BlobFetch,
  path: string,
  existingBytes: number,
  onBytes: (bytes: number) => void,
): Promise<Digest> {
  const hash = createHash('sha256')
  const kept = existingBytes <= size ? existingBytes : 0
  if (kept > 0) for await (const chunk of createReadStream(path)) hash.update(chunk)
  onBytes(kept)
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of place.readFrom(digest, size, kept, signal)) {
      hash.update(chunk)
      onBytes(chunk.byteLength)
      yield chunk
    }
  }
  const file = createWriteStream(path, { flags: kept > 0 ? 'a' : 'w' })
  await pipeline(Readable.from(counted()), file).catch((error: unknown) => {
    throw storeErrorFrom(error, `store ${digest}`)
  })
  return `sha256:${hash.digest('hex')}`
}
