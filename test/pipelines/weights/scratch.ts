import { createCipheriv, createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { closeStore, openStore, type Store } from '../../../pipelines/store/store.ts'
import type { SourceContext } from '../../../pipelines/weights/source.ts'

/** A folder that goes when the test ends. */
export async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-weights-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export async function scratchStore(): Promise<Store> {
  const store = await openStore(join(await scratchFolder(), 'store'))
  onTestFinished(() => closeStore(store))
  return store
}

/** Retries at once and few times, so that a test of a failure is over soon. */
export function contextFor(environment: Record<string, string> = {}): SourceContext {
  return {
    recipeFolder: '/',
    environment: { PATH: process.env['PATH'], HOME: '/nonexistent', ...environment },
    retry: { attempts: 3, firstDelayMs: 5, maxDelayMs: 20 },
    stallMs: 300,
  }
}

/** Bytes that look random and are the same in every run. */
export function sampleBytes(sizeBytes: number, seed: string): Buffer {
  const key = createHash('md5').update(seed).digest()
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes))
}

export function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
