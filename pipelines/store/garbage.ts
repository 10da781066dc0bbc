import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, isDigest } from '../../lib/digest.ts'
import { blobPath, statBlob } from './blobs.ts'
import { listBlobs } from './check.ts'
import { StoreError } from './error.ts'
import { tryLock, withStoreLock } from './lock.ts'
import { readManifest } from './manifest.ts'
import { listRecordKinds, listRecords, readRecord } from './record.ts'
import { type Reference, withReferences } from './reference.ts'
import { otherSessions, type Store } from './store.ts'

export interface Keep {
  /** Roots besides index.json, manifests or single blobs. */
  digests?: Iterable<Digest>
  /** Kinds of records whose digests are roots; default: all kinds. */
  recordKinds?: readonly string[]
  /** Partial downloads untouched for longer than this go as well; default: 7 days. */
  partialsForMs?: number
  /** Only says what would go. */
  dryRun?: boolean
}

export interface Collected {
  removed: { digest: Digest; sizeBytes: number }[]
  /** Of blobs and partial downloads. */
  freedBytes: number
}

/**
 * Removes blobs that nothing reaches. Throws `locked` while another process uses the store: its newest blobs have no
 * reference yet.
 */
export async function collectGarbage(store: Store, keep: Keep = {}): Promise<Collected> {
  return withStoreLock(store, 'sessions', async () => {
    const others = await otherSessions(store)
    if (others > 0) throw storeInUse(others)
    return withReferences(store, async (references) => {
      const roots = [...(keep.digests ?? []), ...(await pinnedByRecords(store, keep.recordKinds))]
      const collected = await removeUnreached(store, await reached(store, references, roots), keep.dryRun)
      const partialBytes = await removeOldPartials(store, keep.partialsForMs ?? 7 * 86_400_000, keep.dryRun)
      return { ...collected, freedBytes: collected.freedBytes + partialBytes }
    })
  })
}

/** Removes one blob, unless a reference reaches it: throws `in-use`. False when it was not there. */
export function removeBlob(store: Store, digest: Digest): Promise<boolean> {
  return withReferences(store, async (references) => {
    if ((await statBlob(store, digest)) === undefined) return false
    if ((await reached(store, references)).has(digest))
      throw new StoreError('in-use', {
        attempted: `remove ${digest}`,
        found: 'an image in the store needs it',
        hint: 'remove the image first',
      })
    await rm(blobPath(store, digest), { force: true })
    return true
  })
}

async function reached(
  store: Store,
  references: readonly Reference[],
  more: readonly Digest[] = [],
): Promise<Set<Digest>> {
  const seen = new Set<Digest>()
  const waiting = [...references.map(({ descriptor }) => descriptor.digest), ...more]
  for (let digest = waiting.pop(); digest; digest = waiting.pop()) {
    if (seen.has(digest)) continue
    seen.add(digest)
    const manifest = await readManifest(store, digest)
    waiting.push(...(manifest?.children.map((child) => child.digest) ?? []))
  }
  return seen
}

async function removeUnreached(store: Store, kept: ReadonlySet<Digest>, dryRun = false): Promise<Collected> {
  const removed: Collected['removed'] = []
  for await (const blob of listBlobs(store)) {
    if (blob.type === 'stray' || kept.has(blob.digest)) continue
    removed.push({ digest: blob.digest, sizeBytes: (await statBlob(store, blob.digest)) ?? 0 })
    if (!dryRun) await rm(blobPath(store, blob.digest), { force: true })
  }
  return { removed, freedBytes: removed.reduce((sum, blob) => sum + blob.sizeBytes, 0) }
}

async function pinnedByRecords(store: Store, kinds?: readonly string[]): Promise<Digest[]> {
  const digests: Digest[] = []
  for (const kind of kinds ?? (await listRecordKinds(store)))
    for (const key of await listRecords(store, kind))
      digests.push(...digestsIn(key), ...digestsIn(await readRecord(store, kind, key)))
  return digests
}

function digestsIn(value: unknown): Digest[] {
  if (typeof value === 'string') return isDigest(value) ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) => [...digestsIn(key), ...digestsIn(member)])
}

async function removeOldPartials(store: Store, olderThanMs: number, dryRun = false): Promise<number> {
  const folder = join(store.root, 'ingot', 'partial')
  let freedBytes = 0
  for (const name of await readdir(folder)) {
    const { mtimeMs, size } = await stat(join(folder, name))
    if (Date.now() - mtimeMs < olderThanMs) continue
    const lock = await tryLock(join(store.root, 'ingot', 'locks', `partial-${name}.lock`))
    if (!lock) continue
    freedBytes += size
    if (!dryRun) await rm(join(folder, name), { force: true })
    lock.release({ remove: true })
  }
  return freedBytes
}

function storeInUse(others: number): StoreError {
  return new StoreError('locked', {
    attempted: 'collect garbage in the store',
    found: `${others} other ${others === 1 ? 'process uses' : 'processes use'} it`,
    hint: 'try again when they are done',
  })
}
