import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { storeErrorFrom } from './error.ts'
import type { Store } from './store.ts'

/** A new name in the folder of files this process is writing; other processes sweep it when this one is dead. */
export function temporaryPath(store: Store): string {
  return join(store.temporary, randomUUID())
}

/** Replaces the file at `path` by this text, or leaves it as it was; nobody ever reads half of it. */
export async function writeFileAtomic(store: Store, path: string, text: string): Promise<void> {
  const temporary = temporaryPath(store)
  try {
    const file = await open(temporary, 'wx', 0o644)
    try {
      await file.writeFile(text)
      await file.datasync()
    } finally {
      await file.close()
    }
    await moveDurably(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw storeErrorFrom(error, `write ${path}`)
  }
}

/** Rename that has reached the disk when it returns. The content must have been synced before. */
export async function moveDurably(from: string, to: string): Promise<void> {
  await rename(from, to)
  await syncFolder(dirname(to))
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
