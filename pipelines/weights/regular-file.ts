import type { FileHandle } from 'node:fs/promises'
import { openRegularFile } from '../files/regular-file.ts'
import { systemFailureOf } from '../files/system-error.ts'
import { WeightsError } from './error.ts'

/** Opens a locked file: what became a FIFO, a device or a folder is an error and is not waited for. Throws `not-found`. */
export async function openRegular(path: string): Promise<FileHandle> {
  const opened = await openRegularFile(path)
  if (opened.ok) return opened.file
  throw unreadable(path, opened.found, opened.cause)
}

/** Bytes `start` to `end` of a regular file, in pieces of 1 MiB. Throws `not-found`. */
export async function* readRegular(path: string, start: number, end: number): AsyncGenerator<Uint8Array> {
  if (start >= end) return
  const handle = await openRegular(path)
  try {
    yield* handle.createReadStream({ start, end: end - 1, highWaterMark: 1 << 20, autoClose: false })
  } catch (error) {
    const failure = systemFailureOf(error)?.failure
    throw failure ? unreadable(path, failure.found, error) : error
  } finally {
    await handle.close()
  }
}

function unreadable(path: string, found: string, cause?: unknown): WeightsError {
  return new WeightsError('not-found', {
    attempted: `read the weights file ${path}`,
    found,
    hint: 'the lock has this file: bring it back or make it readable, or run `ingot lock` for what the folder holds now',
    cause,
  })
}
