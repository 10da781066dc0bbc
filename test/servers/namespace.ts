import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseFacts } from '../../images/boot/container-facts.ts'
import { parseListeners } from '../../images/boot/listeners.ts'
import type { StopObservation } from '../../images/boot/stop-check.ts'
import { compileCacheOf } from '../../pipelines/boot/compile-cache.ts'
import { reachThrough } from '../../pipelines/boot/reach.ts'
import type { BootedServer, BootRequest, LoadingStop, Runner } from '../../pipelines/boot/runner.ts'
import { runProgram } from '../../pipelines/process/program.ts'
import { machine } from './runner.ts'

const boot = join(import.meta.dirname, '../../pipelines/boot')

/** What runs as the first process of its namespaces, as a container's server does. */
export interface Started {
  command: readonly string[]
  environment?: Record<string, string>
}

/**
 * Runs a program of this machine in a network and process namespace of its own and reaches it as the runners of
 * containers do. Needs root; it changes neither user nor root file system.
 */
export function namespaceRunner(started: Started): Runner {
  return {
    name: 'podman',
    gpus: 0,
    machine: async () => machine,
    async stopWhileLoading(_, asked) {
      const running = await startInNamespaces(started)
      const stopped = await stopOnceSaid(running, asked)
      if (stopped === null) await stop(running.child, running.pid, 'SIGKILL', asked.startSeconds)
      return { stopped, log: running.log() }
    },
    async boot(request, use) {
      const folder = await mkdtemp(join(tmpdir(), 'ingot-namespace-'))
      const running = await startInNamespaces(started)
      const { child, pid } = running
      const reach = await reachThrough([], process.env, { pid, port: request.port }, folder)
      try {
        return await use(serverOf(running, reach, request))
      } finally {
        reach.close()
        if (child.exitCode === null) process.kill(pid, 'SIGKILL')
        if (child.exitCode === null) await once(child, 'close')
        await rm(folder, { recursive: true })
      }
    },
  }
}

interface Running {
  child: ChildProcess
  /** Of the server, seen from outside. */
  pid: number
  log(): string
}

async function startInNamespaces({ command, environment }: Started): Promise<Running> {
  // Servers of containers find the loopback up.
  const script = ['sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...command]
  const args = ['--net', '--pid', '--fork', '--mount-proc', '--kill-child=SIGKILL', ...script]
  const child = spawn('unshare', args, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (log += text))
  return { child, pid: await firstProcess(child), log: () => log }
}

async function firstProcess(child: ChildProcess): Promise<number> {
  const children = `/proc/${child.pid}/task/${child.pid}/children`
  for (;;) {
    const pid = Number.parseInt(await readFile(children, 'utf8'), 10)
    if (pid > 0) return pid
  }
}

function serverOf(
  running: Running,
  reach: { url: string; outsidePid?: number; sentFile?: string },
  { profile }: BootRequest,
): BootedServer {
  const { child, pid, log } = running
  return {
    url: reach.url,
    exitCode: async () => child.exitCode,
    async facts() {
      const args = [join(boot, 'facts.sh'), String(pid), String(reach.outsidePid ?? ''), reach.sentFile ?? '']
      const said = await runProgram('sh', args, { environment: process.env })
      const facts = parseFacts(said.stdout)
      const none = Array<string>(5).fill('0')
      // It is a program of this machine, so its user and its root are not what is tried here.
      return {
        ...facts,
        ...profile.identity,
        capabilities: none,
        noNewPrivileges: true,
        rootReadOnly: profile.readOnlyRoot,
      }
    },
    processors: async () =>
      (await runProgram('sh', [join(boot, 'processors.sh'), String(pid)], { environment: process.env }))
        .stdout,
    async listeners() {
      const tables = ['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'utf8'))
      return parseListeners((await Promise.all(tables)).join(''))
    },
    log: async () => log(),
    gpuMemoryBytes: async () => null,
    computeCache: async () => '',
    ...compileCacheOf({ name: 'podman', ...{ environment: process.env, path: '' } }, pid),
    // Node names signals by a type of its own.
    stop: (signal, timeoutSeconds) => stop(child, pid, signal as NodeJS.Signals, timeoutSeconds),
    stopOnceSaid: (asked) => stopOnceSaid(running, asked),
  }
}

async function stopOnceSaid(
  { child, pid, log }: Running,
  { signal, timeoutSeconds, line, startSeconds }: LoadingStop,
): Promise<StopObservation | null> {
  const deadlineMs = performance.now() + startSeconds * 1000
  while (!log().includes(line) && performance.now() < deadlineMs) await sleep(5)
  // Node names signals by a type of its own.
  return log().includes(line) ? stop(child, pid, signal as NodeJS.Signals, timeoutSeconds) : null
}

async function stop(
  child: ChildProcess,
  pid: number,
  signal: NodeJS.Signals,
  timeoutSeconds: number,
): Promise<StopObservation> {
  const beganMs = performance.now()
  const ended = once(child, 'exit')
  process.kill(pid, signal)
  const inTime = await Promise.race([ended, sleep(timeoutSeconds * 1000, null)])
  if (inTime === null) {
    process.kill(pid, 'SIGKILL')
    await ended
  }
  return {
    exitCode: inTime === null ? null : child.exitCode,
    waitedMs: Math.round(performance.now() - beganMs),
  }
}
