import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LabError } from './errors.ts'
import { findContained, startContained } from './processes.ts'
import { type LabSettings, logFile, registryAddress } from './settings.ts'

const startTimeoutMs = 20_000
const configFile = '/etc/docker/registry/lab.yml'

export async function registryRuns(settings: LabSettings): Promise<boolean> {
  if ((await findContained(settings, 'registry')) === undefined) return false
  return answers(settings)
}

/** Starts the registry, on loopback only; `root` is the root file system of lab/rootfs.ts. */
export async function startRegistry(settings: LabSettings, root: string): Promise<void> {
  const config = join(settings.dir, 'run/registry.yml')
  const storage = join(settings.dir, 'registry')
  await mkdir(storage, { recursive: true })
  await mkdir(join(settings.dir, 'run'), { recursive: true })
  await writeFile(config, registryConfig(settings))
  await startContained(settings, 'registry', {
    root,
    mounts: { [storage]: '/var/lib/registry', [config]: configFile },
    command: ['tini', '--', 'docker-registry', 'serve', configFile],
    env: { PATH: process.env['PATH'] },
  })
  const deadline = Date.now() + startTimeoutMs
  while (!(await registryRuns(settings))) {
    if (Date.now() > deadline) throw silent(settings)
    await sleep(100)
  }
}

export function registryConfig(settings: LabSettings): string {
  // JSON is YAML.
  return JSON.stringify({
    version: '0.1',
    storage: { filesystem: { rootdirectory: '/var/lib/registry' }, delete: { enabled: true } },
    http: { addr: registryAddress(settings), secret: 'one registry needs no shared secret' },
    log: { level: 'warn', accesslog: { disabled: true } },
  })
}

async function answers(settings: LabSettings): Promise<boolean> {
  const signal = AbortSignal.timeout(2_000)
  return fetch(`http://${registryAddress(settings)}/v2/`, { signal }).then(
    () => true,
    () => false,
  )
}

function silent(settings: LabSettings): LabError {
  return new LabError('not-answering', 'the registry does not start', `read ${logFile(settings, 'registry')}`)
}
