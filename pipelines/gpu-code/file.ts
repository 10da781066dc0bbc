import { readSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { ElfError } from '../../images/elf/error.ts'
import { type ByteReader, checkRange } from '../../images/elf/reader.ts'
import { GpuCodeError } from '../../images/gpu-code/error.ts'
import { openRegularFile } from '../files/regular-file.ts'

/** A file open for reading in any order; memory holds what is asked for and nothing else. */
export interface OpenFile extends ByteReader {
  handle: FileHandle
  mode: number
  /** Fills `target` from `offset` on; throws `broken-elf` when the file ends before. */
  readInto(target: Buffer, offset: number): Promise<void>
}

/**
 * Reads up to here are made at once instead of through the thread pool: libcurand with its 1,760 containers took 0.6 s so
 * and 1.9 s through the pool (two busy cores).
 */
const smallReadBytes = 1 << 16

/** Opens a file for `act` and closes it whatever happens. */
export async function withFile<Result>(
  path: string,
  act: (file: OpenFile) => Promise<Result>,
): Promise<Result> {
  const handle = await openExisting(path)
  try {
    const { size, mode } = await handle.stat()
    return await act(openFile(handle, size, mode))
  } catch (error) {
    if (!(error instanceof ElfError)) throw error
    throw new ElfError(error.code, { ...error.failure, attempted: `${error.failure.attempted} (${path})` })
  } finally {
    await handle.close()
  }
}

async function openExisting(path: string): Promise<FileHandle> {
  const opened = await openRegularFile(path)
  if (opened.ok) return opened.file
  throw new GpuCodeError('no-file', {
    attempted: `open ${path}`,
    found: opened.found,
    hint: 'name a shared object (.so) that can be read',
    cause: opened.cause,
  })
}

function openFile(handle: FileHandle, sizeBytes: number, mode: number): OpenFile {
  async function readInto(target: Buffer, offset: number): Promise<void> {
    checkRange(sizeBytes, offset, target.length)
    for (let filled = 0; filled < target.length; ) {
      const rest = target.length - filled
      const bytesRead =
        rest <= smallReadBytes
          ? readSync(handle.fd, target, filled, rest, offset + filled)
          : (await handle.read(target, filled, rest, offset + filled)).bytesRead
      // A file that shrank since it was opened ends here.
      if (bytesRead === 0) checkRange(offset + filled, offset, target.length)
      filled += bytesRead
    }
  }
  async function read(offset: number, length: number, place?: Buffer): Promise<Uint8Array> {
    checkRange(sizeBytes, offset, length)
    const bytes = place?.subarray(0, length) ?? Buffer.allocUnsafe(length)
    await readInto(bytes, offset)
    return bytes
  }
  return { handle, mode, sizeBytes, read, readInto }
}
