import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { closeStore, openStore } from '../pipelines/store/open.ts'
import type { Store } from '../pipelines/store/store.ts'

/** An empty folder that goes when the test ends. */
export async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** An open store that goes when the test ends. */
export async function scratchStore(): Promise<Store> {
  const store = await openStore(join(await scratchFolder(), 'store'))
  onTestFinished(() => closeStore(store))
  return store
}
