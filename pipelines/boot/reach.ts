import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { connect } from 'node:net'
import { extname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sinkAddress } from '../../images/boot/runtime-spec.ts'
import { messageOf } from '../../lib/error.ts'
import { StageError } from '../error.ts'
import { runProgram } from '../process/program.ts'
import type { ProgramSettings } from '../settings/settings.ts'
import { forwardTo, type Reach } from './forward.ts'
import type { Tool } from './tool.ts'

/**
 * Gives what a command has to begin with to have power over a container: nothing for root, `podman unshare` for a user. Gives
 * null where no command has that power: a user who is not root has none over containers of Docker's daemon.
 */
export function ownerCommand(tool: Tool): string[] | null {
  if (process.getuid?.() === 0) return []
  return tool.name === 'podman' ? ['podman', 'unshare'] : null
}

/**
 * Puts the sink into the network namespace of the process `pid`, and makes a second namespace from which the published
 * port is asked, as from another machine. `owner` is what has power over both; `folder` is for the socket between that
 * namespace and this one. Throws `no-runner` where the machine does not let it.
 */
export async function reachThrough(
  owner: readonly string[],
  environment: ProgramSettings['environment'],
  server: { pid: number; port: number },
  folder: string,
): Promise<Reach> {
  const inside = `/proc/${server.pid}/ns/net`
  const [program = '', ...args] = [...owner, 'nsenter', `--net=${inside}`, '--', 'sh', scriptOf('sink.sh')]
  const sink = await runProgram(program, args, { environment })
  if (sink.exitCode !== 0) throw noWay('give the container an interface that leads nowhere', sink.all)
  const sent = await watchSent([...owner, 'nsenter', `--net=${inside}`], environment, folder)
  const socketFile = join(folder, 'bridge.sock')
  const bridge = await startBridge(owner, environment, [
    ...[scriptOf('published.sh'), String(server.pid), inside, String(server.port)],
    ...[process.execPath, bridgeFile, socketFile, sinkAddress, String(server.port)],
  ])
  const outer = await forwardToSocket(socketFile)
  return {
    url: outer.url,
    outsidePid: bridge.pid,
    sentFile: sent.file,
    close() {
      sent.stop()
      bridge.stop()
      outer.close()
    },
  }
}

const mostWaitMs = 2000

/** Names what leaves; where the machine has no perl the file stays empty, and packets are only counted. */
async function watchSent(
  inside: readonly string[],
  environment: ProgramSettings['environment'],
  folder: string,
): Promise<{ file: string; stop(): void }> {
  const file = join(folder, 'sent')
  const handle = await open(file, 'w')
  try {
    const [program = '', ...args] = [...inside, '--', 'perl', scriptOf('sent.pl'), 'nowhere']
    const child = spawn(program, args, { env: environment, stdio: ['ignore', handle.fd, 'ignore'] })
    let hasEnded = false
    const ended = () => (hasEnded = true)
    child.once('error', ended).once('close', ended)
    // What is sent before it watches would be counted and not named.
    for (let waitedMs = 0; waitedMs < mostWaitMs && !hasEnded; waitedMs += 20) {
      if ((await handle.stat()).size > 0) break
      await sleep(20)
    }
    return { file, stop: () => void child.kill() }
  } finally {
    await handle.close()
  }
}

// The package has it compiled.
const bridgeFile = join(import.meta.dirname, `bridge${extname(import.meta.filename)}`)

function scriptOf(name: string): string {
  return join(import.meta.dirname, name)
}

/** Runs the script in a namespace of its own; it becomes the bridge, which says its process id. */
async function startBridge(
  owner: readonly string[],
  environment: ProgramSettings['environment'],
  script: readonly string[],
): Promise<{ pid: number; stop(): void }> {
  const [program = '', ...args] = [...owner, 'unshare', '--net', '--', 'sh', ...script]
  const child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  const pid = Number(await listening(child))
  return { pid, stop: () => void child.kill() }
}

/** The first words of a child; throws with its complaint when it ends before it said any. */
async function listening(child: ChildProcess): Promise<string> {
  let said = ''
  child.stderr?.on('data', (chunk) => {
    said += chunk
  })
  const ended = Promise.race([
    once(child, 'close').then(() => said),
    once(child, 'error').then(([error]) => messageOf(error)),
  ]).then((words) => {
    throw noWay('bridge a port out of the container', words)
  })
  // Without a handler of its own, the end of the bridge after the boot would count as unhandled.
  ended.catch(() => undefined)
  if (child.stdout === null) return ended
  const [words] = await Promise.race([once(child.stdout, 'data'), ended])
  return String(words)
}

/** A port on loopback that leads to a socket file; connections are closed at once while nobody listens there. */
export function forwardToSocket(socketFile: string): Promise<Reach> {
  return forwardTo(() => connect({ path: socketFile, allowHalfOpen: true }))
}

function noWay(attempted: string, found: string): StageError {
  return new StageError('no-runner', {
    attempted,
    found: found.trim() || 'nothing was said',
    hint: 'install iproute2 and util-linux, and run as root or with rootless podman; or take --runner dagger',
  })
}
