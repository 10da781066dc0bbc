import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { errnoOf } from '../../lib/error.ts'
import { WeightsError } from './error.ts'

/** Bytes that can only be had from first to last, on disk as they come, so that each place of them can be read. */
export interface Spool {
  /** Bytes `start` to `end`; waits until they are there. */
  read(start: number, end: number): AsyncIterable<Uint8Array>
  /** Ends what is under way, and gives the disk back. */
  close(): Promise<void>
}

interface Filling {
  file: FileHandle
  writtenBytes: number
  end: { error: unknown } | 'whole' | undefined
  changed: PromiseWithResolvers<void>
}

const pieceBytes = 1 << 20

/**
 * Writes `chunks` into a file of `folder` that has no name any more, so that nothing of it stays behind a process that dies.
 * The memory in use does not depend on the length. `what` names the bytes in errors.
 */
export async function openSpool(
  chunks: AsyncIterable<Uint8Array>,
  { folder, what }: { folder: string; what: string },
): Promise<Spool> {
  const filling: Filling = {
    file: await openNameless(folder),
    writtenBytes: 0,
    end: undefined,
    changed: Promise.withResolvers(),
  }
  let isClosed = false
  const filled = fill(filling, chunks, () => isClosed).then(
    () => ended(filling, 'whole'),
    (error: unknown) => ended(filling, { error: spoolError(error, what, folder) }),
  )
  return {
    read: (start, end) => readWhenThere(filling, start, end, what),
    close: async () => {
      isClosed = true
      await filled
      await filling.file.close()
    },
  }
}

async function openNameless(folder: string): Promise<FileHandle> {
  const own = await mkdtemp(join(folder, 'ingot-layer-'))
  try {
    return await open(join(own, 'layer'), 'w+', 0o600)
  } finally {
    await rm(own, { recursive: true, force: true })
  }
}

async function fill(
  filling: Filling,
  chunks: AsyncIterable<Uint8Array>,
  isClosed: () => boolean,
): Promise<void> {
  for await (const chunk of chunks) {
    if (isClosed()) return
    for (let done = 0; done < chunk.length; ) {
      const left = chunk.length - done
      const { bytesWritten } = await filling.file.write(chunk, done, left, filling.writtenBytes)
      done += bytesWritten
      filling.writtenBytes += bytesWritten
    }
    tell(filling)
  }
}

function tell(filling: Filling): void {
  filling.changed.resolve()
  filling.changed = Promise.withResolvers()
}

function ended(filling: Filling, end: Filling['end']): void {
  filling.end = end
  tell(filling)
}

async function* readWhenThere(
  filling: Filling,
  start: number,
  end: number,
  what: string,
): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end; ) {
    const there = Math.min(end, filling.writtenBytes) - at
    if (there <= 0) {
      if (filling.end === 'whole') throw cut(what, at)
      if (filling.end !== undefined) throw filling.end.error
      await filling.changed.promise
      continue
    }
    const buffer = Buffer.allocUnsafe(Math.min(there, pieceBytes))
    const { bytesRead } = await filling.file.read(buffer, 0, buffer.length, at)
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

function cut(what: string, at: number): WeightsError {
  return new WeightsError('size-mismatch', {
    attempted: `read ${what}`,
    found: `it ends at byte ${at}, and the lock has files behind that`,
    hint: 'the registry has another layer than was locked: check it, then run `ingot lock --all RECIPE`',
  })
}

function spoolError(error: unknown, what: string, folder: string): unknown {
  if (errnoOf(error) === 'ENOSPC')
    return new WeightsError('no-space', {
      attempted: `unpack ${what} in ${folder}`,
      found: 'its disk is full',
      hint: 'free space there; a lock unpacks in TMPDIR, and a build in the store (INGOT_STORE)',
      cause: error,
    })
  if (error instanceof Error && !('failure' in error))
    return new WeightsError('bad-archive', {
      attempted: `unpack ${what}`,
      found: error.message,
      hint: 'the layer is damaged in the registry: push it again',
      cause: error,
    })
  return error
}
