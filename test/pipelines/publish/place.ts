import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openConnection } from '../../../pipelines/network/connection.ts'
import { findLogin, type Login } from '../../../pipelines/network/login.ts'
import { type Publication, type PublishRequest, publishImage } from '../../../pipelines/publish/publish.ts'
import { parsePushTarget } from '../../../pipelines/registry-client/reference.ts'
import { openSession } from '../../../pipelines/registry-client/session.ts'
import { type Registry, serveStore } from '../../../pipelines/registry-server/server.ts'
import { readSettings } from '../../../pipelines/settings/settings.ts'
import { closeStore, openStore } from '../../../pipelines/store/open.ts'
import type { Store } from '../../../pipelines/store/store.ts'

/** A store to publish from, and a registry of ours to publish to. */
export interface Place {
  folder: string
  store: Store
  registry: Registry
  registryStore: Store
  close(): Promise<void>
}

export async function openPlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-publish-'))
  const store = await openStore(join(folder, 'store'))
  const registryStore = await openStore(join(folder, 'registry'))
  const registry = await serveStore(registryStore, { writable: true })
  return {
    folder,
    store,
    registry,
    registryStore,
    async close() {
      await registry.close()
      await closeStore(store)
      await closeStore(registryStore)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export interface PublishTo extends Omit<PublishRequest, 'session' | 'referrers'> {
  referrers?: PublishRequest['referrers']
  to: string
  environment?: NodeJS.ProcessEnv
  login?: Login
  mountFrom?: string[]
  stallMs?: number
  attempts?: number
}

/** One publish as the command makes it, with retries that do not wait. */
export async function publishTo(request: PublishTo): Promise<Publication> {
  const { to, environment = {}, login, mountFrom = [], stallMs = 10_000, attempts = 8 } = request
  const target = parsePushTarget(to)
  const settings = readSettings(environment)
  const connection = openConnection(settings.proxies)
  try {
    const session = openSession(target, {
      fetch: connection.fetch,
      stallMs,
      login: async () => login ?? (await findLogin(target.host, settings)),
      mountFrom,
      retry: { attempts, firstDelayMs: 1, maxDelayMs: 4 },
    })
    return await publishImage({ referrers: [], ...request, session })
  } finally {
    await connection.close()
  }
}
