import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { $ } from 'zx'
import { type ContainerRunner, containerRunner } from '../../pipelines/boot/container.ts'
import { type Registry, serveStore } from '../../pipelines/registry-server/server.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { closeStore, openStore } from '../../pipelines/store/open.ts'
import { type TinyImages, tinyImages } from '../servers/tiny-image.ts'
import { toolPath } from '../tools/find.ts'

export interface PodmanPlace {
  environment: NodeJS.ProcessEnv
  podman(...args: string[]): Promise<string>
  close(): Promise<void>
}

/**
 * Podman with a storage of its own. Debian's crun 1.8.1 refuses hybrid control groups and a process without
 * CAP_SYS_RESOURCE may not raise limits, so runc and low limits are set, as an administrator of such a machine would.
 */
export async function podmanPlace(): Promise<PodmanPlace> {
  toolPath('podman')
  toolPath('runc')
  const folder = await mkdtemp(join(tmpdir(), 'ingot-podman-'))
  const settings = {
    'containers.conf': `[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\n`,
    'storage.conf': `[storage]\ndriver = "overlay"\ngraphroot = "${folder}/graph"\nrunroot = "${folder}/run"\n`,
  }
  for (const [name, text] of Object.entries(settings)) await writeFile(join(folder, name), text)
  const environment = {
    ...process.env,
    CONTAINERS_CONF: join(folder, 'containers.conf'),
    CONTAINERS_STORAGE_CONF: join(folder, 'storage.conf'),
  }
  const podman = async (...args: string[]) =>
    (await $({ env: environment, quiet: true })`podman ${args}`).stdout.trim()
  return {
    environment,
    podman,
    async close() {
      await podman('system', 'reset', '--force').catch(() => undefined)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A store with tiny images, and Podman to run them. */
export interface PodmanStore extends PodmanPlace {
  registry: Registry
  runner: ContainerRunner
  tiny: TinyImages
}

export async function podmanStore(memoryBytes: number | null): Promise<PodmanStore> {
  const place = await podmanPlace()
  const folder = await mkdtemp(join(tmpdir(), 'ingot-podman-store-'))
  const store = await openStore(join(folder, 'store'))
  const registry = await serveStore(store, {})
  const tool = { name: 'podman', ...readSettings(place.environment).programs } as const
  const runner = await containerRunner({ tool, store, registryPort: registry.port, gpus: null, memoryBytes })
  return {
    ...place,
    registry,
    runner,
    tiny: await tinyImages(store),
    async close() {
      await registry.close()
      await closeStore(store)
      await place.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
