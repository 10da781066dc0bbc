import { spawn } from 'node:child_process'
import { mkdir, open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type LabSettings, logFile } from './settings.ts'

export type Role = 'engine' | 'registry'

export interface Contained {
  readonly root: string
  /** Host path → path inside. */
  readonly mounts: Readonly<Record<string, string>>
  readonly command: readonly string[]
  readonly env: NodeJS.ProcessEnv
}

const script = join(import.meta.dirname, 'enter-rootfs.sh')
const gracePeriodMs = 30_000

/**
 * Starts a command as the init of a PID and mount namespace of its own: when that ends, the kernel ends
 * every process and mount inside, however it ended.
 */
export async function startContained(settings: LabSettings, role: Role, contained: Contained): Promise<void> {
  await mkdir(join(settings.dir, 'logs'), { recursive: true })
  await using log = await open(logFile(settings, role), 'w')
  const binds = Object.entries(contained.mounts).map(([source, target]) => `${source}:${target}`)
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private']
  const args = [
    ...namespaces,
    'sh',
    script,
    label(settings, role),
    contained.root,
    ...binds,
    '--',
    ...contained.command,
  ]
  const child = spawn('unshare', args, {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: contained.env,
  })
  child.unref()
}

/**
 * The id of the `unshare` that holds a role of this lab, found by its command line. No file says it, so
 * nothing is stale after a reboot or after somebody killed everything.
 */
export async function findContained(settings: LabSettings, role: Role): Promise<number | undefined> {
  const wanted = label(settings, role)
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const args = (await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')).split('\0')
    if (args[0] === 'unshare' && args.includes(wanted)) return Number(name)
  }
  return undefined
}

/** Asks the role to end, waits, and ends it by force when it does not. */
export async function stopContained(settings: LabSettings, role: Role): Promise<boolean> {
  const pid = await findContained(settings, role)
  if (pid === undefined) return false
  // unshare itself ignores the signal; its child is the init inside, which passes it on.
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  for (const child of children.split(' ').filter(Boolean)) signalProcess(Number(child), 'SIGTERM')
  if (!(await ended(pid, gracePeriodMs))) signalProcess(pid, 'SIGKILL')
  await ended(pid, gracePeriodMs)
  return true
}

async function ended(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  while (Date.now() < deadline) {
    const args = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (args === '') return true
    await sleep(50)
  }
  return false
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended by itself.
  }
}

function label(settings: LabSettings, role: Role): string {
  return `ingot-lab:${role}:${settings.dir}`
}
