import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, isDigest } from '../../lib/digest.ts'
import { removeStamps } from './blob-stamp.ts'
import { blobPath, statBlob } from './blobs.ts'
import { listBlobs } from './check.ts'
import { StoreError } from './error.ts'
import { tryLock, withStoreLock } from './lock.ts'
import { readManifestFacts } from './manifest.ts'
import { otherSessions } from './open.ts'
import { listRecordKinds, listRecords, readRecord, recordUsedAt, removeRecord } from './record.ts'
import { type IndexEntry, listReferences, removeReferences, withReferences } from './reference.ts'
import { sliceOf } from './slice.ts'
import type { Store } from './store.ts'

const dayMs = 86_400_000

export interface RecordName {
  kind: string
  key: string
}

export interface KeepRules {
  /** Roots besides the images of index.json, manifests or single blobs. */
  digests?: Iterable<Digest>
  /** What a record names stays for this long after it was written or used; default: 14 days. */
  recordsForMs?: number
  /** Entries of index.json that go first; records do not keep what these reach. */
  drop?: (entry: IndexEntry) => boolean
  /** Images that go whatever records say of them; one that has a name which stays is kept all the same. */
  forget?: Iterable<Digest>
  /** Partial downloads untouched for longer than this go as well; default: 7 days. */
  partialsForMs?: number
  /** Only says what would go. */
  dryRun?: boolean
}

export interface GarbageCollection {
  removed: { digest: Digest; sizeBytes: number }[]
  /** Records that went with what they named. */
  records: RecordName[]
  /** Of blobs and partial downloads. */
  freedBytes: number
}

/**
 * Removes blobs that nobody needs. What stays: whatever an image with a name reaches, attachments (signatures, lists of
 * contents) of what stays, and for some days what records name, which is what later builds take instead of making it
 * again. Records go with what they named. Throws `locked` while another process uses the store: its newest blobs have no
 * reference yet.
 */
export async function collectGarbage(store: Store, keep: KeepRules = {}): Promise<GarbageCollection> {
  const { recordsForMs = 14 * dayMs, partialsForMs = 7 * dayMs, dryRun = false } = keep
  return withStoreLock(store, 'sessions', async () => {
    const others = await otherSessions(store)
    if (others > 0) throw storeInUse(others)
    const { fresh, stale } = await recordsByAge(store, Date.now() - recordsForMs)
    const drop = keep.drop ?? (() => false)
    const dropped = await reached(store, (await listReferences(store)).filter(drop), [...(keep.forget ?? [])])
    const recorded = fresh.flatMap(({ digests }) => digests).filter((digest) => !dropped.has(digest))
    const roots = [...(keep.digests ?? []), ...recorded]
    const orphans = await withReferences(store, (all) =>
      orphansOf(
        store,
        all.filter((entry) => !drop(entry)),
        roots,
      ),
    )
    const leaves = (entry: IndexEntry) =>
      drop(entry) || (entry.name === undefined && orphans.has(entry.descriptor.digest))
    if (!dryRun) await removeReferences(store, leaves)
    return withReferences(store, async (all) => {
      const left = all.filter((entry) => !leaves(entry))
      const removed = await removeUnreached(store, await reached(store, left, roots), dryRun)
      const records = await recordsWithout(store, { fresh, stale }, removed)
      if (!dryRun) for (const { kind, key } of records) await removeRecord(store, kind, key)
      if (!dryRun) await removeStamps(store)
      const partialBytes = await removeOldPartials(store, partialsForMs, dryRun)
      const freedBytes = removed.reduce((sum, blob) => sum + blob.sizeBytes, partialBytes)
      return { removed, records, freedBytes }
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
  references: readonly IndexEntry[],
  more: readonly Digest[] = [],
): Promise<Set<Digest>> {
  const seen = new Set<Digest>()
  const waiting = [...references.map(({ descriptor }) => descriptor.digest), ...more]
  for (let digest = waiting.pop(); digest; digest = waiting.pop()) {
    if (seen.has(digest)) continue
    seen.add(digest)
    const manifest = await readManifestFacts(store, digest)
    waiting.push(...(manifest?.children.map((child) => child.digest) ?? []))
    const slice = manifest === undefined ? await sliceOf(store, digest) : undefined
    if (slice !== undefined) waiting.push(slice.layer)
  }
  return seen
}

async function removeUnreached(
  store: Store,
  kept: ReadonlySet<Digest>,
  dryRun: boolean,
): Promise<GarbageCollection['removed']> {
  const removed: GarbageCollection['removed'] = []
  for await (const blob of listBlobs(store)) {
    if (blob.type === 'stray' || kept.has(blob.digest)) continue
    removed.push({ digest: blob.digest, sizeBytes: (await statBlob(store, blob.digest)) ?? 0 })
    if (!dryRun) await rm(blobPath(store, blob.digest), { force: true })
  }
  return removed
}

interface NamingRecord extends RecordName {
  digests: Digest[]
  /** Those without which it means nothing. */
  own: Digest[]
}

/** Records that name digests: those used since a time, and the others. */
async function recordsByAge(store: Store, sinceMs: number) {
  const fresh: NamingRecord[] = []
  const stale: NamingRecord[] = []
  for (const kind of await listRecordKinds(store))
    for (const key of await listRecords(store, kind)) {
      const value = await readRecord(store, kind, key)
      const digests = [...digestsIn(key), ...digestsIn(value)]
      const list = (await recordUsedAt(store, kind, key)) >= sinceMs ? fresh : stale
      list.push({ kind, key, digests, own: kind === 'report' ? ownOf(value) : digests })
    }
  return { fresh, stale }
}

/** Entries without a name that are attached to something that does not stay. */
async function orphansOf(
  store: Store,
  references: readonly IndexEntry[],
  roots: readonly Digest[],
): Promise<Set<Digest>> {
  const orphans = new Set<Digest>()
  const named = references.filter(({ name }) => name !== undefined)
  const kept = await reached(store, named, roots)
  // An attachment may itself carry one, so the list is gone through until nothing changes.
  for (let before = -1; before !== kept.size; ) {
    before = kept.size
    for (const { name, descriptor } of references) {
      const subject = name === undefined && (await readManifestFacts(store, descriptor.digest))?.subject
      if (!subject || kept.has(subject.digest)) {
        for (const digest of await reached(store, [{ descriptor }])) kept.add(digest)
        orphans.delete(descriptor.digest)
      } else orphans.add(descriptor.digest)
    }
  }
  return orphans
}

/** A report speaks of other images too, of weights beside it and of the stock image that it was compared with. */
function ownOf(report: unknown): Digest[] {
  if (typeof report !== 'object' || report === null) return []
  const { image, layers } = { image: undefined, layers: undefined, ...report }
  return [...digestsIn(image), ...digestsIn(layers)]
}

/** Records that have lost what they named, and what belongs to a report that goes. */
async function recordsWithout(
  store: Store,
  { fresh, stale }: { fresh: readonly NamingRecord[]; stale: readonly NamingRecord[] },
  removed: GarbageCollection['removed'],
): Promise<RecordName[]> {
  const gone = new Set(removed.map(({ digest }) => digest))
  const lost: RecordName[] = []
  const reports = new Set<string>()
  for (const { kind, key, own } of [...fresh, ...stale]) {
    const isGone = kind === 'report' && own[0] !== undefined && (await statBlob(store, own[0])) === undefined
    if (isGone || own.some((digest) => gone.has(digest))) lost.push({ kind, key })
    else if (kind === 'report') reports.add(key)
  }
  // A plan that is fresh may be of a build whose report is still to come.
  const without = [...stale, ...fresh.filter(({ key }) => lost.some((one) => one.key === key))]
  const beside = without.filter(({ kind, key }) => besideReports.includes(kind) && !reports.has(key))
  return [...lost, ...beside.map(({ kind, key }) => ({ kind, key }))]
}

const besideReports = ['plan', 'origin', 'report-markdown']

function digestsIn(value: unknown): Digest[] {
  if (typeof value === 'string') return isDigest(value) ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) => [...digestsIn(key), ...digestsIn(member)])
}

async function removeOldPartials(store: Store, olderThanMs: number, dryRun: boolean): Promise<number> {
  const folder = join(store.root, 'ingot', 'partial')
  let freedBytes = 0
  for (const name of await readdir(folder)) {
    const found = await stat(join(folder, name)).catch(() => undefined)
    if (found === undefined || Date.now() - found.mtimeMs < olderThanMs) continue
    const lock = await tryLock(join(store.root, 'ingot', 'locks', `partial-${name}.lock`))
    if (!lock) continue
    freedBytes += found.size
    if (!dryRun) await rm(join(folder, name), { recursive: true, force: true })
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
