import { createHash } from 'node:crypto'
import { type FileHandle, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { type Digest, digestOf, hexOf } from '../../lib/digest.ts'
import { errnoOf } from '../../lib/error.ts'
import { openRegularFile } from '../files/regular-file.ts'
import { StoreError } from './error.ts'
import { sliceOf } from './slice.ts'
import type { Store } from './store.ts'

export const chunkBytes = 1024 * 1024
const textLimitBytes = 8 * 1024 * 1024

export interface ByteRange {
  start: number
  /** First byte that is not read. */
  end: number
}

export function blobPath(store: Pick<Store, 'root'>, digest: Digest): string {
  return join(store.root, 'blobs', 'sha256', hexOf(digest))
}

/** Where the bytes of a blob are: a file, and the first of its bytes and their number. */
export interface BytesPlace {
  path: string
  start: number
  sizeBytes: number
}

/** A file of its own, or a part of another blob's; undefined when the store has neither. */
export async function placeOfBlob(store: Store, digest: Digest): Promise<BytesPlace | undefined> {
  const path = blobPath(store, digest)
  const own = await sizeOfFile(path)
  if (own !== undefined) return { path, start: 0, sizeBytes: own }
  const slice = await sliceOf(store, digest)
  if (slice === undefined) return undefined
  const within = blobPath(store, slice.layer)
  const layerBytes = await sizeOfFile(within)
  if (layerBytes === undefined || layerBytes < slice.start + slice.sizeBytes) return undefined
  return { path: within, start: slice.start, sizeBytes: slice.sizeBytes }
}

async function sizeOfFile(path: string): Promise<number | undefined> {
  const found = await stat(path).catch((error) => {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  })
  return found?.size
}

/** Size in bytes, or undefined when the store does not have it. */
export async function statBlob(store: Store, digest: Digest): Promise<number | undefined> {
  return (await placeOfBlob(store, digest))?.sizeBytes
}

/**
 * Streams a blob in chunks of 1 MiB. A whole read is hashed on the way and its last chunk is held back until the
 * hash is right, so a reader never gets all of a wrong blob. The stream fails with `missing-blob` or `corrupt-blob`.
 */
export function readBlob(store: Store, digest: Digest, range?: ByteRange): Readable {
  const chunks = range ? rangeOf(store, digest, range) : verified(store, digest)
  return Readable.from(chunks, { objectMode: false, highWaterMark: chunkBytes })
}

/** A small blob, verified. Throws `missing-blob`, `corrupt-blob`, and `too-large` above 8 MiB. */
export async function readBlobText(store: Store, digest: Digest): Promise<string> {
  const sizeBytes = await statBlob(store, digest)
  if (sizeBytes === undefined) throw missingBlob(digest)
  if (sizeBytes > textLimitBytes)
    throw new StoreError('too-large', {
      attempted: `read the document ${digest}`,
      found: `it has ${sizeBytes} bytes, more than the ${textLimitBytes} a document may have`,
      hint: 'this blob is a layer; stream it',
    })
  const content = await textBytes(store, digest).catch((error: unknown) => {
    throw readFailure(store, digest, error)
  })
  if (digestOf(content) !== digest) throw corruptBlob(store, digest)
  return content.toString('utf8')
}

async function textBytes(store: Store, digest: Digest): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of bytesOf(store, digest)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

export function missingBlob(digest: Digest): StoreError {
  return new StoreError('missing-blob', {
    attempted: `read blob ${digest}`,
    found: 'the store does not have it',
    hint: 'build the image again: what is missing is made anew',
  })
}

export function corruptBlob(store: Store, digest: Digest): StoreError {
  return new StoreError('corrupt-blob', {
    attempted: `read blob ${digest}`,
    found: 'its bytes do not match its digest',
    hint: `check the disk, remove ${blobPath(store, digest)} and build again`,
  })
}

/** Reads the next chunk while the caller works on the one it has. Closes the file at the end. */
export async function* chunksOf(file: FileHandle, start = 0, end = Number.POSITIVE_INFINITY) {
  try {
    let position = start
    let next = readChunk(file, position, end)
    for (;;) {
      const chunk = await next
      if (chunk.byteLength === 0) return
      position += chunk.byteLength
      next = readChunk(file, position, end)
      // Awaited one turn later; without this a failing read would count as unhandled meanwhile.
      next.catch(() => {})
      yield chunk
    }
  } finally {
    await file.close()
  }
}

async function readChunk(file: FileHandle, position: number, end: number): Promise<Uint8Array> {
  const length = Math.min(chunkBytes, end - position)
  if (length <= 0) return new Uint8Array()
  const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(length), 0, length, position)
  return buffer.subarray(0, bytesRead)
}

async function* verified(store: Store, digest: Digest): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  let held: Uint8Array | undefined
  try {
    for await (const chunk of bytesOf(store, digest)) {
      if (held) yield held
      hash.update(chunk)
      held = chunk
    }
  } catch (error) {
    throw readFailure(store, digest, error)
  }
  if (hash.digest('hex') !== hexOf(digest)) throw corruptBlob(store, digest)
  if (held) yield held
}

async function* rangeOf(store: Store, digest: Digest, range: ByteRange): AsyncGenerator<Uint8Array> {
  yield* bytesOf(store, digest, range)
}

async function* bytesOf(store: Store, digest: Digest, range?: ByteRange): AsyncGenerator<Uint8Array> {
  const place = await placeOfBlob(store, digest)
  if (place === undefined) throw missingBlob(digest)
  const { path, start, sizeBytes } = place
  const isWholeFile = path === blobPath(store, digest)
  // A file that is longer than it was is read to its end, so that its hash tells.
  const last = isWholeFile ? Number.POSITIVE_INFINITY : start + sizeBytes
  const end = range === undefined ? last : Math.min(last, start + range.end)
  yield* chunksOf(await openBlob(store, path, digest), start + (range?.start ?? 0), end)
}

/** A disk that lost the bytes says EIO; a folder in place of the file says EISDIR. */
function readFailure(store: Store, digest: Digest, error: unknown): unknown {
  switch (errnoOf(error)) {
    case 'EIO':
    case 'EISDIR':
      return corruptBlob(store, digest)
    case 'ENOENT':
      return missingBlob(digest)
    default:
      return error
  }
}

/** What is no file has no bytes of a blob, and a pipe in its place would be waited for without an end. */
async function openBlob(store: Store, path: string, digest: Digest): Promise<FileHandle> {
  const opened = await openRegularFile(path)
  if (opened.ok) return opened.file
  if (errnoOf(opened.cause) === 'ENOENT') throw missingBlob(digest)
  throw opened.cause ?? corruptBlob(store, digest)
}
