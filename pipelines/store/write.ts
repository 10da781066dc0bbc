import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import type { Digest } from '../../lib/digest.ts'
import { errnoOf } from '../../lib/error.ts'
import { moveDurably, temporaryPath } from './atomic.ts'
import { blobPath, chunkBytes, chunksOf } from './blobs.ts'
import { StoreError, storeErrorFrom } from './error.ts'
import type { Store } from './store.ts'

export interface StoredBlob {
  digest: Digest
  sizeBytes: number
}

/** What the caller knows already; a blob that differs is refused and leaves nothing. */
export interface ExpectedBlob {
  digest?: Digest
  sizeBytes?: number
}

/** A blob on its way in: written and hashed as it comes, without a name until `commitDraft`. */
export interface Draft {
  readonly path: string
  readonly file: FileHandle
  readonly hash: Hash
  sizeBytes: number
}

/**
 * Stores a stream in one pass. The source must not reuse a chunk after it was yielded. Throws `digest-mismatch`,
 * `size-mismatch`, `disk-full`, or what the source threw; then nothing of it stays.
 */
export async function writeBlob(
  store: Store,
  source: AsyncIterable<Uint8Array>,
  expected: ExpectedBlob = {},
): Promise<StoredBlob> {
  const draft = await openDraft(store)
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

/** Takes a file into the store: one read to hash it, then a rename (a copy from another file system). The path is gone afterwards. */
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
  const blob = { digest: `sha256:${hash.digest('hex')}`, sizeBytes } satisfies StoredBlob
  refuseUnexpected(blob, expected)
  await placeBlob(store, path, blob)
  return blob
}

export async function openDraft(store: Store): Promise<Draft> {
  const path = temporaryPath(store)
  try {
    const file = await open(path, 'wx', 0o644)
    return { path, file, hash: createHash('sha256'), sizeBytes: 0 }
  } catch (error) {
    throw storeErrorFrom(error, 'write to the store')
  }
}

/**
 * Adds the source to the draft. Hashing one batch runs while the kernel writes the one before. When the source
 * fails, what came before stays in the draft and counts, so that an upload can go on from `sizeBytes`.
 */
export async function appendToDraft(draft: Draft, source: AsyncIterable<Uint8Array>): Promise<void> {
  let batch: Uint8Array[] = []
  let batchBytes = 0
  let writing: Promise<void> = Promise.resolve()
  async function flush(): Promise<void> {
    await writing
    writing = writeAll(draft.file, batch, draft.sizeBytes)
    // Awaited at the next flush; without this a failing write would count as unhandled meanwhile.
    writing.catch(() => {})
    for (const chunk of batch) draft.hash.update(chunk)
    draft.sizeBytes += batchBytes
    batch = []
    batchBytes = 0
  }
  try {
    for await (const chunk of source) {
      batch.push(chunk)
      batchBytes += chunk.byteLength
      if (batchBytes >= chunkBytes) await flush()
    }
  } finally {
    await flush()
    await writing
  }
}

/** Gives the draft its name. Throws `digest-mismatch` or `size-mismatch`; the draft is gone either way. */
export async function commitDraft(
  store: Store,
  draft: Draft,
  expected: ExpectedBlob = {},
): Promise<StoredBlob> {
  try {
    const digest: Digest = `sha256:${draft.hash.digest('hex')}`
    const blob = { digest, sizeBytes: draft.sizeBytes }
    refuseUnexpected(blob, expected)
    await draft.file.datasync()
    await draft.file.close()
    await moveDurably(draft.path, blobPath(store, digest))
    return blob
  } catch (error) {
    await discardDraft(draft)
    throw storeErrorFrom(error, 'write a blob to the store')
  }
}

export async function discardDraft(draft: Draft): Promise<void> {
  await draft.file.close().catch(() => {})
  await rm(draft.path, { force: true })
}

/** Gives a file on any disk its blob name. The caller vouches for digest and size. */
export async function placeBlob(store: Store, path: string, blob: StoredBlob): Promise<void> {
  try {
    await syncFile(path)
    await moveDurably(path, blobPath(store, blob.digest))
  } catch (error) {
    if (errnoOf(error) !== 'EXDEV') throw storeErrorFrom(error, `take ${path} into the store`)
    await writeBlob(store, chunksOf(await open(path, 'r')), blob)
    await rm(path)
  }
}

/** Throws `size-mismatch` or `digest-mismatch` when the blob is not the expected one. */
export function refuseUnexpected(blob: StoredBlob, expected: ExpectedBlob): void {
  const attempted = `store ${expected.digest ?? 'a blob'}`
  const hint = 'the source changed or the transfer was cut; try again, and lock again if it stays'
  if (expected.sizeBytes !== undefined && expected.sizeBytes !== blob.sizeBytes)
    throw new StoreError('size-mismatch', {
      attempted,
      found: `${blob.sizeBytes} bytes came instead of ${expected.sizeBytes}`,
      hint,
    })
  if (expected.digest !== undefined && expected.digest !== blob.digest)
    throw new StoreError('digest-mismatch', { attempted, found: `the bytes are ${blob.digest}`, hint })
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.datasync()
  } finally {
    await file.close()
  }
}

async function writeAll(file: FileHandle, chunks: readonly Uint8Array[], position: number): Promise<void> {
  if (chunks.length === 0) return
  try {
    const { bytesWritten } = await file.writev(chunks, position)
    const sizeBytes = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0)
    // A disk that fills up takes a part first and names the reason only at the next write.
    if (bytesWritten < sizeBytes)
      await writeAll(file, [Buffer.concat(chunks).subarray(bytesWritten)], position + bytesWritten)
  } catch (error) {
    throw storeErrorFrom(error, 'write a blob to the store')
  }
}

async function* one(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk
}
