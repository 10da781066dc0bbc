import { type BigIntStats, constants, type Stats } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { Failure } from '../../lib/error.ts'
import { systemFailureOf } from './system-error.ts'

/** What stands at a path, in words, where it is no file; undefined for a file. */
export function kindOf(info: Stats | BigIntStats): string | undefined {
  if (info.isFile()) return undefined
  if (info.isDirectory()) return 'a folder'
  if (info.isFIFO()) return 'a FIFO'
  if (info.isSocket()) return 'a socket'
  if (info.isBlockDevice() || info.isCharacterDevice()) return 'a device'
  return info.isSymbolicLink() ? 'a link' : 'nothing that can be read'
}

export type OpenedFile = { ok: true; file: FileHandle } | { ok: false; found: string; cause: unknown }

/**
 * Opens a file that a person named. A pipe, a socket or a device is not opened: reading one may never end, and the thread
 * that waits in it keeps the whole process from ending.
 */
export async function openRegularFile(path: string): Promise<OpenedFile> {
  try {
    // A pipe without a writer opens at once this way, and files take no notice of it.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const kind = kindOf(await file.stat())
    if (kind === undefined) return { ok: true, file }
    await file.close()
    return { ok: false, found: `${path} is ${kind} and no regular file`, cause: undefined }
  } catch (cause) {
    const failure: Failure | undefined = systemFailureOf(cause)?.failure
    if (failure === undefined) throw cause
    return { ok: false, found: `${path}: ${failure.found}`, cause }
  }
}

export type ReadFile = { ok: true; text: string } | { ok: false; found: string; cause: unknown }

/** The whole of a text file, or why there is none, in words. */
export async function readRegularFile(path: string): Promise<ReadFile> {
  const opened = await openRegularFile(path)
  if (!opened.ok) return opened
  try {
    return { ok: true, text: await opened.file.readFile('utf8') }
  } finally {
    await opened.file.close()
  }
}
