import type { BigIntStats, Stats } from 'node:fs'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { errnoOf, messageOf } from '../../lib/error.ts'
import { WeightsError } from './error.ts'

/** What an entry of a folder is, in words, where it is no file; undefined for a file. */
export function kindOf(info: Stats | BigIntStats): string | undefined {
  if (info.isFile()) return undefined
  if (info.isDirectory()) return 'a folder'
  if (info.isFIFO()) return 'a FIFO'
  if (info.isSocket()) return 'a socket'
  if (info.isBlockDevice() || info.isCharacterDevice()) return 'a device'
  return info.isSymbolicLink() ? 'a link' : 'no regular file'
}

/**
 * Opens a file for reading and nothing else: what became a FIFO, a device or a folder is an error and is not waited for.
 * Throws `not-found`.
 */
export async function openRegular(path: string): Promise<FileHandle> {
  // Without O_NONBLOCK the opening of a FIFO waits for a writer, and a signal does not end it.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw unreadable(path, errnoOf(error) === 'ENXIO' ? 'it is a socket and no file' : found(error), error)
  })
  const kind = kindOf(await handle.stat())
  if (kind === undefined) return handle
  await handle.close()
  throw unreadable(path, `it is ${kind} and no file`)
}

/** Bytes `start` to `end` of a regular file, in pieces of 1 MiB. Throws `not-found`. */
export async function* readRegular(path: string, start: number, end: number): AsyncGenerator<Uint8Array> {
  if (start >= end) return
  const handle = await openRegular(path)
  try {
    yield* handle.createReadStream({ start, end: end - 1, highWaterMark: 1 << 20, autoClose: false })
  } catch (error) {
    throw unreadable(path, found(error), error)
  } finally {
    await handle.close()
  }
}

function found(error: unknown): string {
  return errnoOf(error) ?? messageOf(error)
}

function unreadable(path: string, found: string, cause?: unknown): WeightsError {
  return new WeightsError('not-found', {
    attempted: `read the weights file ${path}`,
    found,
    hint: 'the lock has this file: bring it back or make it readable, or run `ingot lock` for what the folder holds now',
    cause,
  })
}
