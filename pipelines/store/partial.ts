import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Digest } from '../../lib/digest.ts'
import { errnoOf } from '../../lib/error.ts'
import { refuseUnexpected } from './draft.ts'
import { type HeldLock, holdLock, type LockOptions } from './lock.ts'
import { fileNameOf } from './record.ts'
import type { Store } from './store.ts'
import { placeBlob } from './write.ts'

/** A download that can go on in a later run. Others wait until `release`, or until this process ends. */
export interface PartialDownload {
  /** Same path for the same key in every run; the file may exist, from a run that was cut. */
  readonly path: string
  /** Bytes that are there already. They were not synced: after a power cut the tail may be zeros. */
  readonly sizeBytes: number
  release(): void
}

/**
 * Opens the partial download of this key, alone among processes. After waiting (see `onWait`) the blob may be in the
 * store already: ask `statBlob` again. `key` is free text, best the expected digest.
 */
export async function newPartial(
  store: Store,
  key: string,
  options: LockOptions = {},
): Promise<PartialDownload> {
  const name = fileNameOf(key)
  const path = join(store.root, 'ingot', 'partial', name)
  const lock: HeldLock = await holdLock(join(store.root, 'ingot', 'locks', `partial-${name}.lock`), options)
  const sizeBytes = await sizeOf(path)
  return { path, sizeBytes, release: () => lock.release({ remove: true }) }
}

/**
 * Gives a finished partial its blob name. The caller has hashed it; only the size is checked here. Throws
 * `size-mismatch` and `disk-full`; the partial then stays.
 */
export async function commitPartial(
  store: Store,
  path: string,
  digest: Digest,
  sizeBytes: number,
): Promise<void> {
  refuseUnexpected({ digest, sizeBytes: await sizeOf(path) }, { digest, sizeBytes })
  await placeBlob(store, path, { digest, sizeBytes })
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 0
    throw error
  }
}
