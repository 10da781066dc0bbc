import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm, stat, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { mediaTypes } from '../../images/oci/oci.ts'
import { errnoOf, messageOf } from '../../lib/error.ts'
import { canonicalJson, type Json } from '../../lib/json.ts'
import { makeFolder } from '../files/make-folder.ts'
import { writeFileAtomic } from './atomic.ts'
import { StoreError, storeErrorFrom } from './error.ts'
import { holdLock, type LockOptions, tryLock, withStoreLock } from './lock.ts'
import type { Store } from './store.ts'

const entries = ['oci-layout', 'index.json', 'blobs', 'ingot']

/**
 * Opens the store in this folder, made if missing, and removes temporary files of processes that died.
 * Throws `not-a-store` for a folder with other content, `not-writable`, `disk-full`.
 */
export async function openStore(root: string, options: LockOptions = {}): Promise<Store> {
  const path = resolve(root)
  await refuseForeignFolder(path)
  try {
    for (const folder of ['blobs/sha256', 'ingot/locks', 'ingot/tmp', 'ingot/partial'])
      await makeFolder(join(path, folder))
    return await withStoreLock({ root: path }, 'sessions', () => enter(path), options)
  } catch (error) {
    throw storeErrorFrom(error, `open the store ${path}`)
  }
}

/**
 * The same for a caller that reads only: a store that this user cannot write to (a read-only mount, somebody else's folder) is
 * read where it lies, and temporary files go to the system's folder. Nobody who writes to it sees such a reader, so what is
 * pruned meanwhile is missing in the middle of a command. Throws as `openStore`.
 */
export async function openStoreToRead(root: string, options: LockOptions = {}): Promise<Store> {
  try {
    return await openStore(root, options)
  } catch (error) {
    const path = resolve(root)
    const isReadable = error instanceof StoreError && error.code === 'not-writable'
    if (!isReadable || !(await stat(join(path, 'index.json')).catch(() => undefined))) throw error
    const temporary = await mkdtemp(join(tmpdir(), 'ingot-'))
    return { root: path, temporary, presence: await holdLock(`${temporary}.lock`) }
  }
}

/** Ends the use of the store; unfinished temporary files go, blobs and partial downloads stay. */
export async function closeStore(store: Store): Promise<void> {
  await rm(store.temporary, { recursive: true, force: true })
  store.presence.release({ remove: true })
}

/** The same error, or `store-gone` where somebody deleted or moved the store while it was used: then nothing else matters. */
export async function explainGone({ root, temporary }: Store, error: unknown): Promise<unknown> {
  // It is locked as long as this process uses the store, so no other one sweeps it.
  if (await stat(`${temporary}.lock`).catch(() => undefined)) return error
  return new StoreError('store-gone', {
    attempted: `use the store ${root}`,
    found: `it was deleted, emptied or moved while this command ran (${messageOf(error)})`,
    hint: 'run the command again: what is missing is made anew; move a store only while no ingot uses it',
    cause: error,
  })
}

/** Bytes that can still be written to the disk of the store. */
export async function freeBytes(store: Store): Promise<number> {
  const { bavail, bsize } = await statfs(store.root)
  return bavail * bsize
}

/** Sessions that are alive besides this one. Call it under the lock `sessions`. */
export async function otherSessions(store: Store): Promise<number> {
  const own = `${store.temporary}.lock`
  const locks = await lockPathsIn(join(store.root, 'ingot', 'tmp'))
  let alive = 0
  for (const path of locks) if (path !== own && !(await sweep(path))) alive += 1
  return alive
}

async function enter(root: string): Promise<Store> {
  const folder = join(root, 'ingot', 'tmp')
  for (const path of await lockPathsIn(folder)) await sweep(path)
  await sweepUnlocked(folder)
  const temporary = join(folder, randomUUID())
  const presence = await holdLock(`${temporary}.lock`)
  await mkdir(temporary)
  const store: Store = { root, temporary, presence }
  await writeMissing(store, 'index.json', { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [] })
  await writeMissing(store, 'oci-layout', { imageLayoutVersion: '1.0.0' })
  return store
}

async function lockPathsIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith('.lock')).map((name) => join(folder, name))
}

/** Removes what a dead session left; false when it lives. */
async function sweep(lockPath: string): Promise<boolean> {
  const lock = await tryLock(lockPath)
  if (!lock) return false
  await rm(lockPath.slice(0, -'.lock'.length), { recursive: true, force: true })
  lock.release({ remove: true })
  return true
}

/** Folders that nobody holds: the engine made them again for a process whose store was deleted. */
async function sweepUnlocked(folder: string): Promise<void> {
  const names = await readdir(folder)
  for (const name of names)
    if (!name.endsWith('.lock') && !names.includes(`${name}.lock`))
      await rm(join(folder, name), { recursive: true, force: true })
}

async function writeMissing(store: Store, name: string, value: Json): Promise<void> {
  const path = join(store.root, name)
  if (!(await stat(path).catch(() => undefined))) await writeFileAtomic(store, path, canonicalJson(value))
}

async function refuseForeignFolder(path: string): Promise<void> {
  const present = await namesIn(path)
  const foreign = present.filter((name) => !entries.includes(name))
  if (present.includes('oci-layout') || foreign.length === 0) return
  throw notAStore(path, `the folder holds something else (${foreign.slice(0, 3).join(', ')})`)
}

async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw errnoOf(error) === 'ENOTDIR' ? notAStore(path, 'it is a file') : error
  }
}

function notAStore(path: string, found: string): StoreError {
  const hint = 'name an empty or a new folder, or one with an OCI image layout'
  return new StoreError('not-a-store', { attempted: `open the store ${path}`, found, hint })
}
