import { onTestFinished } from 'vitest'
import { type Registry, type ServeOptions, serveStore } from '../../../pipelines/registry-server/server.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { scratchStore } from '../../scratch.ts'

export interface Served {
  store: Store
  registry: Registry
  /** Asks for a path under the registry's address. */
  ask(path: string, init?: RequestInit): Promise<Response>
}

/** A served scratch store that closes when the test ends. */
export async function served(options: ServeOptions = {}): Promise<Served> {
  const store = await scratchStore()
  const registry = await serveStore(store, options)
  onTestFinished(() => registry.close())
  return {
    store,
    registry,
    ask: (path, init) => fetch(new URL(path, registry.url), { redirect: 'error', ...init }),
  }
}

/** The first code of an error answer. */
export async function codeOf(response: Response): Promise<string> {
  // The answer is ours; a test that gets another shape fails on the comparison.
  const body = (await response.json()) as { errors: { code: string }[] }
  return body.errors[0]?.code ?? ''
}
