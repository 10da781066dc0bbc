import type { LayerDraft } from './draft.ts'
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

interface SlotFilling {
  slot: Slot
  filled: number
  /** Where the part begins that the file's hash has not got. */
  pieceStart: number
  tasks: Promise<unknown>[]
}

interface State {
  draft: LayerDraft
  slots: Slots
  keptBytes: number
  tarHash: Sha256
  fileHash: Sha256 | undefined
  pending: Set<Promise<void>>
  failure: { error: unknown } | undefined
  current: SlotFilling | undefined
  flushedBytes: number
}

/** `keptBytes` at the start are on disk already and are only hashed; a multiple of the slot size. */
export function openSink(draft: LayerDraft, pool: HashPool, slots: Slots, keptBytes: number): Sink {
  const state: State = {
    draft,
    slots,
    keptBytes,
    tarHash: pool.newHash(),
    fileHash: undefined,
    pending: new Set(),
    failure: undefined,
    current: undefined,
    flushedBytes: 0,
  }
  return {
    get position() {
      return state.flushedBytes + (state.current?.filled ?? 0)
    },
    space: () => spaceOf(state),
    took: (sizeBytes) => took(state, sizeBytes),
    useHash: (hash) => {
      sendPiece(state)
      state.fileHash = hash
      if (state.current) state.current.pieceStart = state.current.filled
    },
    finish: () => finish(state),
    settle: () => settle(state),
  }
}

async function spaceOf(state: State): Promise<Uint8Array> {
  if (state.failure) throw state.failure.error
  state.current ??= { slot: await state.slots.take(), filled: 0, pieceStart: 0, tasks: [] }
  return state.current.slot.bytes.subarray(state.current.filled)
}

function took(state: State, sizeBytes: number): void {
  const { current } = state
  if (!current) return
  current.filled += sizeBytes
  if (!state.fileHash) current.pieceStart = current.filled
  if (current.filled === slotBytes) flush(state)
}

function sendPiece({ current, fileHash }: State): void {
  if (!current || !fileHash || current.pieceStart === current.filled) return
  current.tasks.push(fileHash.update(current.slot.bytes.subarray(current.pieceStart, current.filled)))
  current.pieceStart = current.filled
}

function flush(state: State): void {
  const { current, draft, flushedBytes, pending } = state
  if (!current || current.filled === 0) return
  sendPiece(state)
  const { slot, filled, tasks } = current
  tasks.push(state.tarHash.update(slot.bytes.subarray(0, filled)))
  if (flushedBytes >= state.keptBytes) tasks.push(draft.write(slot.bytes, filled, flushedBytes))
  state.flushedBytes += filled
  state.current = undefined
  const done: Promise<void> = Promise.allSettled(tasks).then((results) => {
    const failed = results.find((result) => result.status === 'rejected')
    if (failed) state.failure ??= { error: failed.reason }
    state.slots.release(slot)
    pending.delete(done)
  })
  pending.add(done)
}

async function finish(state: State): Promise<string> {
  flush(state)
  await Promise.all(state.pending)
  if (state.failure) throw state.failure.error
  await state.draft.finish(state.flushedBytes)
  return state.tarHash.digest()
}

async function settle(state: State): Promise<void> {
  const tasks = [...state.pending, ...(state.current?.tasks ?? [])]
  await Promise.all(tasks.map((task) => task.catch(() => {})))
  if (state.current) state.slots.release(state.current.slot)
  state.current = undefined
}
