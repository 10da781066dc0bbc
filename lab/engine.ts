import { createHash } from 'node:crypto'
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { tailOf } from './commands.ts'
import { LabError } from './errors.ts'
import { findContained, startContained } from './processes.ts'
import { type Environment, engineSocket, type LabSettings, logFile, registryAddress } from './settings.ts'

const startTimeoutMs = 60_000
const hostCertificates = '/usr/local/share/ca-certificates'
const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const proxyNames = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY', 'FTP_PROXY']

export async function engineRuns(settings: LabSettings): Promise<boolean> {
  if ((await findContained(settings, 'engine')) === undefined) return false
  return accepts(engineSocket(settings))
}

/** Starts the engine; `root` and `binaries` are what lab/rootfs.ts and lab/engine-build.ts have made. */
export async function startEngine(settings: LabSettings, root: string, binaries: string): Promise<void> {
  const dir = (name: string) => join(settings.dir, name)
  for (const name of ['engine', 'run']) await mkdir(dir(name), { recursive: true })
  await rm(engineSocket(settings), { force: true })
  await writeFile(dir('engine.json'), JSON.stringify(engineConfig(settings), null, 2))
  await copyCertificates(dir('certificates'))
  await startContained(settings, 'engine', {
    root,
    mounts: {
      '/etc/resolv.conf': '/etc/resolv.conf',
      [dir('engine.json')]: '/etc/dagger/engine.json',
      [dir('certificates')]: hostCertificates,
      [binaries]: '/usr/local/lib/dagger',
      [dir('engine')]: '/var/lib/dagger',
      [dir('run')]: '/run/dagger',
    },
    command: ['tini', '--', ...engineCommand(settings)],
    env: engineEnvironment(process.env),
  })
  await engineAnswers(settings)
}

/** Changes when the engine would be started in another way. */
export function engineConfigKey(settings: LabSettings): string {
  const value = JSON.stringify([engineConfig(settings), engineCommand(settings)])
  return createHash('sha256').update(value).digest('hex').slice(0, 12)
}

function engineCommand(settings: LabSettings): string[] {
  return [
    '/usr/local/lib/dagger/engine',
    '--addr=unix:///run/dagger/engine.sock',
    '--oci-worker-snapshotter=overlayfs',
    // The default of 128 networks kept ready costs seconds at each start, and an interface each on the host.
    '--oci-cni-pool-size=16',
    `--network-name=${settings.networkName}`,
    `--network-cidr=${settings.networkCidr}`,
  ]
}

export function engineConfig(settings: LabSettings) {
  const registry = registryAddress(settings)
  return {
    logLevel: 'info',
    security: { insecureRootCapabilities: true },
    registries: { 'docker.io': { mirrors: [registry] }, [registry]: { http: true } },
    // Without a policy of its own the engine forgets cache volumes and uploads after 48 hours (dagger v0.21.8,
    // engine/server/gc.go). For a disk with some 40 GB to spare.
    gc: { policies: [{ all: true, reservedSpace: 5e9, maxUsedSpace: 25e9, minFreeSpace: 8e9 }] },
  }
}

/** The engine hands proxies on to every exec; nothing else of the caller's environment is its business. */
export function engineEnvironment(env: Environment): Record<string, string> {
  const passed: Record<string, string> = { PATH: path, HOME: '/root' }
  for (const name of proxyNames.flatMap((name) => [name, name.toLowerCase()])) {
    const value = env[name]
    if (value) passed[name] = value
  }
  return passed
}

// A copy, because the engine writes hash links beside the certificates.
async function copyCertificates(target: string): Promise<void> {
  await rm(target, { recursive: true, force: true })
  await mkdir(target, { recursive: true })
  const names = await readdir(hostCertificates).catch(() => [])
  for (const name of names.filter((name) => name.endsWith('.crt'))) {
    await cp(join(hostCertificates, name), join(target, name), { dereference: true })
  }
}

async function engineAnswers(settings: LabSettings): Promise<void> {
  const deadline = Date.now() + startTimeoutMs
  while (!(await accepts(engineSocket(settings)))) {
    const gone = (await findContained(settings, 'engine')) === undefined
    if (gone || Date.now() > deadline) {
      const log = logFile(settings, 'engine')
      throw new LabError('not-answering', `the engine does not start:\n${await tailOf(log)}`, `read ${log}`)
    }
    await sleep(100)
  }
}

function accepts(socketPath: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(socketPath)
    socket.once('connect', () => done(socket.end() !== undefined))
    socket.once('error', () => done(false))
  })
}
