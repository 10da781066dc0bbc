import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, isDigest } from '../../lib/digest.ts'
import { readRegularFile } from '../files/regular-file.ts'
import { blobPath, statBlob } from './blobs.ts'
import { type Damage, type DamageSearch, damageOf } from './damage.ts'
import { StoreError } from './error.ts'
import { foreignBlob } from './foreign.ts'
import { jsonObjectOf, readManifestFacts } from './manifest.ts'
import { listRecordKinds, listRecords, readRecord, recordPath } from './record.ts'
import { type IndexEntry, listReferences } from './reference.ts'
import type { Store } from './store.ts'

export type StoreProblem =
  | { type: 'corrupt'; digest: Digest; path: string; found: string; neededBy: string[] }
  | { type: 'missing'; digest: Digest; neededBy: string }
  | { type: 'size'; digest: Digest; foundBytes: number; expectedBytes: number; neededBy: string }
  | { type: 'stray'; path: string }
  | { type: 'index'; path: string; found: string }
  | { type: 'layout'; path: string; found: string }
  | { type: 'record'; path: string; found: string }

export interface StoreCheck {
  blobs: number
  sizeBytes: number
  problems: number
}

/** Hashes every blob again, follows every reference and reads every record. Gives the problems to `onProblem`. */
export async function verifyStore(
  store: Store,
  onProblem: (problem: StoreProblem) => void = () => {},
  search: Omit<DamageSearch, 'by'> = {},
): Promise<StoreCheck> {
  const check = { blobs: 0, sizeBytes: 0, problems: 0 }
  function report(problem: StoreProblem): void {
    check.problems += 1
    onProblem(problem)
  }
  await checkLayout(store, report)
  const corrupt = new Map<Digest, CorruptBlob>()
  for await (const blob of blobsWithBytes(store, search)) {
    check.blobs += 1
    if (blob.type === 'stray') report(blob)
    else {
      check.sizeBytes += blob.sizeBytes
      if (blob.damage?.type === 'corrupt')
        corrupt.set(blob.digest, { found: blob.damage.found, neededBy: new Set() })
    }
  }
  await checkReferences(store, corrupt, report)
  for (const [digest, { found, neededBy }] of corrupt)
    report({ type: 'corrupt', digest, path: blobPath(store, digest), found, neededBy: [...neededBy] })
  await checkRecords(store, report)
  return check
}

export type ListedBlob = { type: 'blob'; digest: Digest } | { type: 'stray'; path: string }

/** Every file among the blobs; one whose name is no digest is a stray. */
export async function* listBlobs(store: Store): AsyncGenerator<ListedBlob> {
  const folder = join(store.root, 'blobs', 'sha256')
  for (const name of (await readdir(folder)).sort()) {
    const digest = `sha256:${name}`
    yield isDigest(digest) ? { type: 'blob', digest } : { type: 'stray', path: join(folder, name) }
  }
}

type HashedBlob =
  | { type: 'blob'; digest: Digest; sizeBytes: number; damage: Damage | undefined }
  | { type: 'stray'; path: string }

/** Every blob, hashed. One that somebody removes meanwhile is left out. */
async function* blobsWithBytes(store: Store, search: Omit<DamageSearch, 'by'>): AsyncGenerator<HashedBlob> {
  const { onBytes } = search
  const listed = await Array.fromAsync(listBlobs(store))
  const sizes = await Promise.all(
    listed.map((blob) => (blob.type === 'blob' ? statBlob(store, blob.digest) : 0)),
  )
  const totalBytes = sizes.reduce<number>((sum, size = 0) => sum + size, 0)
  let doneBytes = 0
  for (const [index, blob] of listed.entries()) {
    if (blob.type === 'stray') yield blob
    else {
      const before = doneBytes
      const sizeBytes = sizes[index] ?? 0
      const counted = (done: number) => onBytes?.(before + done, totalBytes)
      const damage = await damageOf(store, blob, { ...search, by: 'hash', onBytes: counted })
      doneBytes += sizeBytes
      if (damage?.type !== 'missing') yield { ...blob, sizeBytes, damage }
    }
  }
}

interface CorruptBlob {
  found: string
  /** Names of images, and manifests without a name. */
  neededBy: Set<string>
}

async function checkReferences(
  store: Store,
  corrupt: ReadonlyMap<Digest, CorruptBlob>,
  report: (problem: StoreProblem) => void,
): Promise<void> {
  const seen = new Set<string>()
  async function follow(digest: Digest, size: number, neededBy: string): Promise<void> {
    if (seen.has(`${digest} ${neededBy}`)) return
    seen.add(`${digest} ${neededBy}`)
    const foundBytes = await statBlob(store, digest)
    if (foundBytes === undefined) {
      if ((await foreignBlob(store, digest)) === undefined) report({ type: 'missing', digest, neededBy })
      return
    }
    const damaged = corrupt.get(digest)
    if (damaged) return void damaged.neededBy.add(neededBy)
    if (foundBytes !== size) report({ type: 'size', digest, foundBytes, expectedBytes: size, neededBy })
    for (const child of (await readManifestFacts(store, digest))?.children ?? [])
      await follow(child.digest, child.size, neededBy)
  }
  for (const { name, descriptor } of await references(store, report))
    await follow(descriptor.digest, descriptor.size, name ?? descriptor.digest)
}

async function references(store: Store, report: (problem: StoreProblem) => void): Promise<IndexEntry[]> {
  try {
    return await listReferences(store)
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    report({ type: 'index', path: join(store.root, 'index.json'), found: error.failure.found })
    return []
  }
}

async function checkLayout(store: Store, report: (problem: StoreProblem) => void): Promise<void> {
  const path = join(store.root, 'oci-layout')
  const read = await readRegularFile(path)
  if (read.ok && jsonObjectOf(read.text)?.['imageLayoutVersion'] === '1.0.0') return
  report({ type: 'layout', path, found: 'it does not say imageLayoutVersion 1.0.0' })
}

async function checkRecords(store: Store, report: (problem: StoreProblem) => void): Promise<void> {
  for (const kind of await listRecordKinds(store))
    for (const key of await listRecords(store, kind)) {
      try {
        await readRecord(store, kind, key)
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        const path = recordPath(store, kind, key)
        // One that went meanwhile is no problem.
        if (await stat(path).catch(() => undefined))
          report({ type: 'record', path, found: error.failure.found })
      }
    }
}
