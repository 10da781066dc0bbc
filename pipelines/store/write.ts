import { createHash } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import { errnoOf } from '../../lib/error.ts'
import { moveDurably } from './atomic.ts'
import { stampBlob } from './blob-stamp.ts'
import { blobPath, chunksOf } from './blobs.ts'
import {
  appendToDraft,
  commitDraft,
  discardDraft,
  type ExpectedBlob,
  openBlobDraft,
  refuseUnexpected,
  type StoredBlob,
} from './draft.ts'
import { storeErrorFrom } from './error.ts'
import type { Store } from './store.ts'

/**
 * Stores a stream in one pass. The source must not reuse a chunk after it was yielded. Throws `digest-mismatch`,
 * `size-mismatch`, `disk-full`, or what the source threw; then nothing of it stays.
 */
export async function writeBlob(
  store: Store,
  source: AsyncIterable<Uint8Array>,
  expected: ExpectedBlob = {},
): Promise<StoredBlob> {
  const draft = await openBlobDraft(store)
  try {
    await appendToDraft(draft, source)
    return await commitDraft(store, draft, expected)
  } catch (error) {
    await discardDraft(draft)
    throw error
  }
}

export function writeBlobText(store: Store, text: string): Promise<StoredBlob> {
  return writeBlob(store, one(Buffer.from(text)))
}

/**
 * Takes a file into the store: one read to hash it, then a rename (a copy from another file system), so that the path
 * is gone afterwards. Throws as `writeBlob` does; then the file stays where it was.
 */
export async function adoptFile(
  store: Store,
  path: string,
  expected: ExpectedBlob = {},
): Promise<StoredBlob> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of chunksOf(await open(path, 'r'))) {
    hash.update(chunk)
    sizeBytes += chunk.byteLength
  }
  const blob: StoredBlob = { digest: `sha256:${hash.digest('hex')}`, sizeBytes }
  refuseUnexpected(blob, expected)
  await placeBlob(store, path, blob)
  return blob
}

/** Gives a file on any disk its blob name. The caller vouches for digest and size. */
export async function placeBlob(store: Store, path: string, blob: StoredBlob): Promise<void> {
  try {
    await syncFile(path)
    await moveDurably(path, blobPath(store, blob.digest))
    await stampBlob(store, blob.digest)
  } catch (error) {
    if (errnoOf(error) !== 'EXDEV') throw storeErrorFrom(error, `take ${path} into the store`)
    await writeBlob(store, fileChunks(path), blob)
    await rm(path)
  }
}

/** Opened when it is read: nobody would close it for a writer that ends before. */
async function* fileChunks(path: string): AsyncGenerator<Uint8Array> {
  yield* chunksOf(await open(path, 'r'))
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.datasync()
  } finally {
    await file.close()
  }
}

async function* one(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk
}
