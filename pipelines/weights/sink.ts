import type { Draft } from './draft.ts'
import type { HashPool, Sha256 } from './hashing.ts'
import { type Slot, type Slots, slotBytes } from './slots.ts'

/**
 * Takes a tar as it comes, and for each full slot hashes and writes it at once, on threads. At most one slot of a sink is
 * being filled, so the memory in use does not depend on anything but the number of slots.
 */
export interface Sink {
  /** Bytes taken so far. */
  readonly position: number
  /** The free part of the slot being filled. */
  space(): Promise<Uint8Array>
  /** Says that the first `sizeBytes` of `space` were filled. */
  took(sizeBytes: number): void
  /** From here on bytes go into this hash too; what came before has gone where it belongs. */
  useHash(hash: Sha256 | undefined): void
  /** Hex sha256 of everything, once all of it is on disk. */
  finish(): Promise<string>
  /** Waits for what is under way and gives its memory back; for use after a failure too. */
  settle(): Promise<void>
}

/** `keptBytes` at the start are on disk already and are only hashed; a multiple of the slot size. */
export function openSink(draft: Draft, pool: HashPool, slots: Slots, keptBytes: number): Sink {
  const tarHash = pool.newHash()
  const pending = new Set<Promise<void>>()
  let fileHash: Sha256 | undefined
  let failure: { error: unknown } | undefined
  let current: { slot: Slot; filled: number; pieceStart: number; tasks: Promise<unknown>[] } | undefined
  let flushedBytes = 0

  function sendPiece(): void {
    if (!current || !fileHash || current.pieceStart === current.filled) return
    current.tasks.push(fileHash.update(current.slot.bytes.subarray(current.pieceStart, current.filled)))
    current.pieceStart = current.filled
  }

  function flush(): void {
    if (!current || current.filled === 0) return
    sendPiece()
    const { slot, filled, tasks } = current
    tasks.push(tarHash.update(slot.bytes.subarray(0, filled)))
    if (flushedBytes >= keptBytes) tasks.push(draft.write(slot.bytes, filled, flushedBytes))
    flushedBytes += filled
    current = undefined
    const done: Promise<void> = Promise.allSettled(tasks).then((results) => {
      const failed = results.find((result) => result.status === 'rejected')
      if (failed) failure ??= { error: failed.reason }
      slots.release(slot)
      pending.delete(done)
    })
    pending.add(done)
  }

  return {
    get position() {
      return flushedBytes + (current?.filled ?? 0)
    },
    async space() {
      if (failure) throw failure.error
      current ??= { slot: await slots.take(), filled: 0, pieceStart: 0, tasks: [] }
      return current.slot.bytes.subarray(current.filled)
    },
    took(sizeBytes) {
      if (!current) return
      current.filled += sizeBytes
      if (!fileHash) current.pieceStart = current.filled
      if (current.filled === slotBytes) flush()
    },
    useHash(hash) {
      sendPiece()
      fileHash = hash
      if (current) current.pieceStart = current.filled
    },
    async finish() {
      flush()
      await Promise.all(pending)
      if (failure) throw failure.error
      await draft.finish(flushedBytes)
      return tarHash.digest()
    },
    async settle() {
      await Promise.all([...pending, ...(current?.tasks ?? [])].map((task) => task.catch(() => {})))
      if (current) slots.release(current.slot)
      current = undefined
    },
  }
}
