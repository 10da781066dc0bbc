import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { $ } from 'zx'
import { ensureTool } from '../tools.ts'

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
  await ensureTool('podman')
  await ensureTool('runc')
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
