import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { errnoOf } from '../../lib/error.ts'

/** A layer's file while it grows. */
export interface LayerDraft {
  /** Bytes that an earlier run left. */
  existingBytes: number
  read(target: Uint8Array, position: number): Promise<number>
  /** `position` is a multiple of the slot size, `bytes` begins at a page boundary. */
  write(bytes: Uint8Array, sizeBytes: number, position: number): Promise<void>
  /** Cuts to the final size and waits for the disk. */
  finish(sizeBytes: number): Promise<void>
  close(): Promise<void>
}

/**
 * Past the page cache from here on: the copy into it costs as much as both hashes (3.1 in place of 6.3 s of processor time for
 * 2 GB), and a large model would be evicted anyway. Smaller layers stay there for whoever pulls them next.
 */
const directFromBytes = 256e6

/** Without this the kernel lets gigabytes pile up and then stops the writer: 0.4 against 1.9 GB/s on the disk measured. */
const syncEveryBytes = 64 * 1024 * 1024

const blockBytes = 4096

export async function openLayerDraft(path: string, finalBytes: number): Promise<LayerDraft> {
  const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o644)
  const direct = finalBytes >= directFromBytes ? await openDirect(path) : undefined
  const { size } = await file.stat()
  const existingBytes = size > finalBytes ? 0 : size
  if (size > finalBytes) await file.truncate(0)
  const written = direct ? directWriter(direct) : bufferedWriter(file)
  return {
    existingBytes,
    read: async (target, position) => (await file.read(target, 0, target.length, position)).bytesRead,
    write: written.write,
    finish: async (sizeBytes) => {
      await written.settle()
      await file.truncate(sizeBytes)
      await file.datasync()
    },
    close: async () => {
      await written.settle().catch(() => {})
      await direct?.close()
      await file.close()
    },
  }
}

/** Undefined where the file system or the platform has no O_DIRECT. */
async function openDirect(path: string): Promise<FileHandle | undefined> {
  if (constants.O_DIRECT === undefined) return undefined
  return open(path, constants.O_WRONLY | constants.O_DIRECT).catch((error) => {
    if (errnoOf(error) === 'EINVAL') return undefined
    throw error
  })
}

/** Writes whole blocks; `finish` cuts what the last one has too much. */
function directWriter(file: FileHandle) {
  return {
    write: (bytes: Uint8Array, sizeBytes: number, position: number) =>
      writeAll(file, bytes, Math.ceil(sizeBytes / blockBytes) * blockBytes, position),
    settle: async () => {},
  }
}

function bufferedWriter(file: FileHandle) {
  let unsyncedBytes = 0
  let syncing: Promise<void> = Promise.resolve()
  return {
    write: async (bytes: Uint8Array, sizeBytes: number, position: number) => {
      await writeAll(file, bytes, sizeBytes, position)
      unsyncedBytes += sizeBytes
      if (unsyncedBytes < syncEveryBytes) return
      unsyncedBytes = 0
      await syncing
      syncing = file.datasync()
      // Awaited at the next one and at the end; without this a failing sync would count as unhandled meanwhile.
      syncing.catch(() => {})
    },
    settle: () => syncing,
  }
}

async function writeAll(
  file: FileHandle,
  bytes: Uint8Array,
  sizeBytes: number,
  position: number,
): Promise<void> {
  for (let done = 0; done < sizeBytes; ) {
    const { bytesWritten } = await file.write(bytes, done, sizeBytes - done, position + done)
    done += bytesWritten
  }
}
