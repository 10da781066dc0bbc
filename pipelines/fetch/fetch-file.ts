import { createHash } from 'node:crypto'
import { constants, copyFile, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errnoOf } from '../../lib/error.ts'
import { optional } from '../../lib/optional.ts'
import type { LockedFile } from '../../recipes/locked-weights.ts'
import { StageError } from '../error.ts'
import { makeFolder } from '../files/make-folder.ts'
import { readPersistently } from '../network/persistent.ts'
import { holdPlace } from '../store/lock.ts'
import { sha256Of } from '../weights/folder.ts'
import type { OpenWeights, SourceContext } from '../weights/source.ts'

/** Where the bytes of a file came from: it was there, a copy on this machine had them, or its source sent them. */
export type FetchOrigin = 'kept' | 'cache' | 'source'

export interface FileFetch {
  file: LockedFile
  /** Where it is to lie. */
  path: string
  /** Where the Hub's cache of this machine may have it; undefined for other sources. */
  cached: string | undefined
  source: OpenWeights
  context: SourceContext
  onBytes(count: number): void
}

/**
 * One locked file, whole and with the hash of the lock, or not at all. What a run before left in a part is hashed and gone on
 * from. Throws `file-exists` for another file in its place, and `hash-mismatch` of the weights for wrong bytes.
 */
export async function fetchFile(fetch: FileFetch): Promise<FetchOrigin> {
  const { path, context } = fetch
  if (await isThere(path)) return kept(fetch)
  await makeFolder(dirname(path))
  // Two that fetch into one folder would write one part, and the hash of what each sent would be right all the same.
  const lock = await holdPlace(`${partOf(path)}.lock`, optional('signal', context.signal))
  try {
    return (await isThere(path)) ? await kept(fetch) : await fetched(fetch)
  } finally {
    lock.release({ remove: true })
  }
}

async function kept(fetch: FileFetch): Promise<FetchOrigin> {
  await requireSameFile(fetch)
  fetch.onBytes(fetch.file.sizeBytes)
  return 'kept'
}

async function fetched(fetch: FileFetch): Promise<FetchOrigin> {
  const { file, onBytes } = fetch
  if (await copied(fetch)) {
    onBytes(file.sizeBytes)
    return 'cache'
  }
  await download(fetch)
  return 'source'
}

/** Whatever has the name: also a link to nothing stands in the way. */
async function isThere(path: string): Promise<boolean> {
  return (await sizeOf(path)) !== undefined
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    (error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return undefined
      throw error
    },
  )
}

async function isSame(
  path: string,
  { sizeBytes, sha256 }: LockedFile,
  signal?: AbortSignal,
): Promise<boolean> {
  return (await sizeOf(path)) === sizeBytes && (await sha256Of(path, sizeBytes, signal)) === sha256
}

async function requireSameFile({ file, path, context }: FileFetch): Promise<void> {
  if (await isSame(path, file, context.signal)) return
  throw new StageError('file-exists', {
    attempted: `put ${file.path} in its place`,
    found: `${path} is there and has other bytes than the lock says`,
    hint: 'move it away, or fetch into another folder; nothing was overwritten',
  })
}

/** A copy that shares its blocks where the file system can. */
async function copied({ file, path, cached, context }: FileFetch): Promise<boolean> {
  if (cached === undefined || (await sizeOf(cached)) !== file.sizeBytes) return false
  const part = partOf(path)
  await copyFile(cached, part, constants.COPYFILE_FICLONE)
  if (await isSame(part, file, context.signal)) {
    await rename(part, path)
    return true
  }
  await rm(part, { force: true })
  return false
}

function partOf(path: string): string {
  return `${path}.part`
}

async function download({ file, path, source, context, onBytes }: FileFetch): Promise<void> {
  const part = partOf(path)
  const handle = await open(part, 'a+')
  const hash = createHash('sha256')
  try {
    const kept = await hashStart(handle, file.sizeBytes, hash)
    onBytes(kept)
    for await (const chunk of readPersistently(
      (one: LockedFile, offset) => source.read(one, offset),
      file,
      kept,
      context,
    )) {
      context.signal?.throwIfAborted()
      await handle.write(chunk)
      hash.update(chunk)
      onBytes(chunk.length)
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
  if (hash.digest('hex') === file.sha256) return rename(part, path)
  await rm(part, { force: true })
  throw new StageError('bad-answer', {
    attempted: `fetch ${file.path}`,
    found: 'its bytes are not those that the lock names; they were thrown away',
    hint: 'run it again; if it stays so, the source changed: `ingot lock RECIPE --check` says what',
  })
}

/** Hashes what is there of a part; one that is longer than the file begins anew. */
async function hashStart(
  handle: Awaited<ReturnType<typeof open>>,
  sizeBytes: number,
  hash: ReturnType<typeof createHash>,
): Promise<number> {
  const { size } = await handle.stat()
  if (size > sizeBytes) {
    await handle.truncate(0)
    return 0
  }
  const chunk = Buffer.alloc(1 << 20)
  for (let at = 0; at < size; ) {
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, at)
    if (bytesRead === 0) break
    hash.update(chunk.subarray(0, bytesRead))
    at += bytesRead
  }
  return size
}
