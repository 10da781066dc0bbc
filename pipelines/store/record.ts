import { readdir, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { z } from 'zod'
import { errnoOf, messageOf } from '../../lib/error.ts'
import { type Json, prettyJson } from '../../lib/json.ts'
import { makeFolder } from '../files/make-folder.ts'
import { readRegularFile } from '../files/regular-file.ts'
import { writeFileAtomic } from './atomic.ts'
import { StoreError } from './error.ts'
import type { Store } from './store.ts'

/** The record under this key, or undefined. Its shape is for the caller to check. Throws `corrupt-record`. */
export async function readRecord(store: Store, kind: string, key: string): Promise<unknown | undefined> {
  const path = recordPath(store, kind, key)
  const read = await readRegularFile(path)
  if (!read.ok && errnoOf(read.cause) === 'ENOENT') return undefined
  if (!read.ok) throw corruptRecord(path, read.found, read.cause)
  try {
    return JSON.parse(read.text)
  } catch (error) {
    throw corruptRecord(path, messageOf(error), error)
  }
}

function corruptRecord(path: string, found: string, cause: unknown): StoreError {
  const hint = 'remove this file; ingot makes it again'
  return new StoreError('corrupt-record', { attempted: `read the record ${path}`, found, hint, cause })
}

/** The same of something that can be made again: a record that cannot be read is as good as none. */
export async function readCache(store: Store, kind: string, key: string): Promise<unknown | undefined> {
  return readRecord(store, kind, key).catch((error: unknown) => {
    if (error instanceof StoreError && error.code === 'corrupt-record') return undefined
    throw error
  })
}

/** Writes or replaces a record; a reader sees the old or the new one, never a part. */
export async function writeRecord(store: Store, kind: string, key: string, json: Json): Promise<void> {
  const path = recordPath(store, kind, key)
  await makeFolder(kindFolder(store, kind))
  await writeFileAtomic(store, path, prettyJson(json))
}

/** Records of one kind: the folder they lie in and what each of them is. */
export interface RecordKind<Value> {
  name: string
  schema: z.ZodType<Value>
}

/** What was remembered under this key. A record that cannot be read, or is of another shape, counts as absent. */
export async function recall<Value>(
  store: Store,
  { name, schema }: RecordKind<Value>,
  key: string,
): Promise<Value | undefined> {
  return schema.safeParse(await readCache(store, name, key)).data
}

/** Writes or replaces a record, so that `recall` gives an equal value. */
export async function remember<Value extends object>(
  store: Store,
  { name }: RecordKind<Value>,
  key: string,
  value: Value,
): Promise<void> {
  // A value that a schema of JSON describes is JSON; interfaces without an index signature need the cast.
  await writeRecord(store, name, key, value as unknown as Json)
}

/** Says that a record is in use, which keeps what it names from being collected for some days more. */
export async function touchRecord(store: Store, kind: string, key: string): Promise<void> {
  const now = new Date()
  // Somebody may have removed it meanwhile; then there is nothing to keep.
  await utimes(recordPath(store, kind, key), now, now).catch(() => undefined)
}

/** When a record was written or last used, in milliseconds since 1970; 0 when it is gone. */
export async function recordUsedAt(store: Store, kind: string, key: string): Promise<number> {
  const found = await stat(recordPath(store, kind, key)).catch(() => undefined)
  return found?.mtimeMs ?? 0
}

export async function removeRecord(store: Store, kind: string, key: string): Promise<void> {
  await rm(recordPath(store, kind, key), { force: true })
}

/** Keys of this kind, sorted. */
export async function listRecords(store: Store, kind: string): Promise<string[]> {
  const names = await readdir(kindFolder(store, kind)).catch((error) => {
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  })
  return names.flatMap(keyIn).sort()
}

/** None for a file that is not ours. */
function keyIn(name: string): string[] {
  if (!name.endsWith('.json')) return []
  try {
    return [decodeURIComponent(name.slice(0, -'.json'.length))]
  } catch {
    return []
  }
}

const ownFolders = ['locks', 'tmp', 'partial']

/** Kinds that have records, sorted. */
export async function listRecordKinds(store: Store): Promise<string[]> {
  const found = await readdir(join(store.root, 'ingot'), { withFileTypes: true })
  const folders = found.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  return folders.filter((name) => !ownFolders.includes(name)).sort()
}

/** Any text as a file name and back. Colons go too: CI systems refuse to upload files with one. Throws `bad-name`. */
export function fileNameOf(key: string): string {
  const name = encodeURIComponent(key).replaceAll('*', '%2A')
  // 255 bytes are the limit of common file systems; prefix and suffix of ours need a few.
  if (name !== '' && name !== '.' && name !== '..' && name.length <= 230) return name
  throw badName(key, 'a key needs 1 to 230 bytes once it is written as a file name')
}

export function recordPath(store: Store, kind: string, key: string): string {
  return join(kindFolder(store, kind), `${fileNameOf(key)}.json`)
}

function kindFolder(store: Store, kind: string): string {
  if (/^[a-z][a-z0-9-]*$/.test(kind) && !ownFolders.includes(kind)) return join(store.root, 'ingot', kind)
  throw badName(kind, 'a kind is a word in small letters, and not locks, tmp or partial')
}

export function badName(name: string, found: string): StoreError {
  return new StoreError('bad-name', {
    attempted: `use "${name}" in the store`,
    found,
    hint: 'choose another name',
  })
}
