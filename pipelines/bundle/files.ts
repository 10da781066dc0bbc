import { createHash } from 'node:crypto'
import { open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { BundleFile } from '../../images/oci/bundle.ts'
import { errnoOf, messageOf } from '../../lib/error.ts'
import { makeFolder } from '../files/make-folder.ts'
import { type HeldLock, holdPlace } from '../store/lock.ts'
import type { BundleEntry } from './contents.ts'
import { BundleError } from './error.ts'

/** Makes `folder` through `fill`: it appears whole under its name or not at all. Throws `target-exists`. */
export async function fillFolder(folder: string, fill: (part: string) => Promise<void>): Promise<void> {
  await requireFree(folder)
  const part = `${folder}.part`
  const lock = await lockOf(part).catch((error: unknown) => {
    throw diskError(error, folder)
  })
  try {
    await requireFree(folder)
    await rm(part, { recursive: true, force: true })
    await makeFolder(part)
    await fill(part)
    await rm(folder, { recursive: true, force: true })
    await rename(part, folder)
  } catch (error) {
    await rm(part, { recursive: true, force: true })
    throw diskError(error, folder)
  } finally {
    lock.release({ remove: true })
  }
}

/** Two that write to one place would take each other's part away. */
async function lockOf(part: string): Promise<HeldLock> {
  await makeFolder(dirname(part))
  return holdPlace(`${part}.lock`)
}

/** Writes one file below `folder` and waits until the disk has it: it will be carried away. */
export async function writeEntry(folder: string, entry: BundleEntry, onBytes: (sizeBytes: number) => void) {
  const path = join(folder, entry.path)
  await makeFolder(dirname(path))
  const file = await open(path, 'wx', 0o644)
  try {
    for await (const chunk of entry.open()) {
      await file.writev([chunk])
      onBytes(chunk.byteLength)
    }
    await file.datasync()
  } finally {
    await file.close()
  }
}

/** Cuts a stream into files of `partBytes`, named in their order. */
export async function writeParts(
  folder: string,
  source: AsyncIterable<Uint8Array>,
  partBytes: number,
  onBytes: (sizeBytes: number) => void,
): Promise<BundleFile[]> {
  const parts: BundleFile[] = []
  let part = await openPart(folder, 0)
  for await (const chunk of source) {
    for (let rest = chunk; rest.byteLength > 0; ) {
      if (part.sizeBytes === partBytes) {
        parts.push(await endPart(part))
        part = await openPart(folder, parts.length)
      }
      const piece = rest.subarray(0, partBytes - part.sizeBytes)
      part.hash.update(piece)
      await part.file.writev([piece])
      part.sizeBytes += piece.byteLength
      rest = rest.subarray(piece.byteLength)
    }
    onBytes(chunk.byteLength)
  }
  return [...parts, await endPart(part)]
}

async function openPart(folder: string, index: number) {
  const path = `bundle.tar.${String(index).padStart(4, '0')}`
  const file = await open(join(folder, path), 'wx', 0o644)
  return { path, file, hash: createHash('sha256'), sizeBytes: 0 }
}

async function endPart({
  path,
  file,
  hash,
  sizeBytes,
}: Awaited<ReturnType<typeof openPart>>): Promise<BundleFile> {
  await file.datasync()
  await file.close()
  return { path, sizeBytes, sha256: hash.digest('hex') }
}

async function requireFree(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return []
    throw errnoOf(error) === 'ENOTDIR' ? targetExists(folder, 'it is a file') : error
  })
  if (names.length > 0) throw targetExists(folder, `it holds ${names.slice(0, 3).join(', ')}`)
}

function targetExists(folder: string, found: string): BundleError {
  return new BundleError('target-exists', {
    attempted: `write a bundle to ${folder}`,
    found,
    hint: 'name a folder that is new or empty',
  })
}

function diskError(error: unknown, folder: string): unknown {
  const code = errnoOf(error)
  const attempted = `write a bundle to ${folder}`
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new BundleError('disk-full', {
      attempted,
      found: messageOf(error),
      hint: 'free space there or name another disk; nothing of the bundle was left behind',
    })
  if (code === 'EACCES' || code === 'EROFS')
    return new BundleError('not-writable', {
      attempted,
      found: messageOf(error),
      hint: 'name a folder that this user may write to',
    })
  return error
}
