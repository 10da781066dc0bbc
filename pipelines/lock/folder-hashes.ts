import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { digestOf, hexOf } from '../../lib/digest.ts'
import type { LockedFile } from '../../recipes/locked-weights.ts'
import type { Progress } from '../process/progress.ts'
import { readRecord, writeRecord } from '../store/record.ts'
import type { Store } from '../store/store.ts'
import { sha256Of } from '../weights/folder.ts'
import { isKnownFile } from '../weights/known-files.ts'

/** `stored`: files whose locked bytes the store has, which no build reads again. */
export type HashSelection = 'stored' | 'all'

interface HashContext {
  store: Store
  signal: AbortSignal
  progress?: Progress | undefined
}

/** Who a file was when it was hashed. Nobody can write to a file and leave its change time as it was. */
const stampSchema = z.object({ stamp: z.string(), sha256: z.string() })
const stampsSchema = z.record(z.string(), stampSchema)
type Stamps = z.infer<typeof stampsSchema>

const kind = 'folder-hashes'

/** Changes within one tick of the clock have one time; a file that is younger than this is not remembered. */
const settledMs = 2000

/** Reading this much takes more than a moment. */
const slowBytes = 1e9

/** Hashes of files by path, read again only when they were touched since the last time. */
export async function hashFolder(
  root: string,
  files: readonly LockedFile[],
  which: HashSelection,
  { store, signal, progress }: HashContext,
): Promise<Map<string, string>> {
  const key = hexOf(digestOf(root))
  const known = stampsSchema.safeParse(await readRecord(store, kind, key)).data ?? {}
  const kept: Stamps = {}
  const hashes = new Map<string, string>()
  for (const file of files) {
    if (which === 'stored' && !(await isHashed(store, file))) continue
    const { sha256, stamp } = await hashFile(join(root, file.path), file, known[file.path], {
      signal,
      progress,
    })
    hashes.set(file.path, sha256)
    if (stamp !== undefined) kept[file.path] = { stamp, sha256 }
  }
  const isNews = Object.entries(kept).some(([path, { stamp }]) => known[path]?.stamp !== stamp)
  if (isNews) await writeRecord(store, kind, key, { ...known, ...kept })
  return hashes
}

/** Small files are hashed always: the store does not note where it has them. */
async function isHashed(store: Store, file: LockedFile): Promise<boolean> {
  return file.split !== undefined || isKnownFile(store, file)
}

async function hashFile(
  path: string,
  { path: name, sizeBytes }: LockedFile,
  known: Stamps[string] | undefined,
  { signal, progress }: Omit<HashContext, 'store'>,
): Promise<{ sha256: string; stamp?: string }> {
  const before = await stampOf(path)
  if (known !== undefined && known.stamp === before.stamp) return known
  if (sizeBytes >= slowBytes) progress?.step(`compare ${name} with the lock`)
  const sha256 = await sha256Of(path, sizeBytes, signal)
  return before.isSettled ? { sha256, stamp: before.stamp } : { sha256 }
}

async function stampOf(path: string): Promise<{ stamp: string; isSettled: boolean }> {
  const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = await stat(path, { bigint: true })
  return {
    stamp: [dev, ino, size, mtimeNs, ctimeNs].join(' '),
    isSettled: Number(ctimeMs) + settledMs < Date.now(),
  }
}
