import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { extname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { StageError } from '../error.ts'
import { runProgram } from '../program.ts'
import type { Tool } from './tool.ts'

/** A way to the port of a server that no network reaches. */
export interface Reach {
  url: string
  close(): void
}

/**
 * Gives what a command has to begin with to have power over a container: nothing for root, `podman unshare` for a user. Gives
 * null where no command has that power: a user who is not root has none over containers of Docker's daemon.
 */
export function ownerCommand(tool: Tool): string[] | null {
  if (process.getuid?.() === 0) return []
  return tool.name === 'podman' ? ['podman', 'unshare'] : null
}

/** How the network namespace of a container is entered; null where it cannot be. */
export function enterCommand(tool: Tool, pid: number): string[] | null {
  const owner = ownerCommand(tool)
  return owner && [...owner, 'nsenter', `--net=/proc/${pid}/ns/net`, '--']
}

/** Puts the sink into the namespace and a bridge to the server's port; `folder` is for the socket between both sides. */
export async function reachThrough(
  enter: readonly string[],
  environment: NodeJS.ProcessEnv,
  port: number,
  folder: string,
): Promise<Reach> {
  const [program = '', ...args] = enter
  const sink = await runProgram(program, [...args, 'sh', join(import.meta.dirname, 'sink.sh')], {
    environment,
  })
  if (sink.exitCode !== 0) throw noWay('give the container an interface that leads nowhere', sink.all)
  const socketFile = join(folder, 'bridge.sock')
  // The package has it compiled.
  const bridge = join(import.meta.dirname, `bridge${extname(import.meta.filename)}`)
  const child = spawn(program, [...args, process.execPath, bridge, socketFile, String(port)], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  await listening(child)
  const outer = await forwardTo(socketFile)
  return {
    url: outer.url,
    close() {
      child.kill()
      outer.close()
    },
  }
}

async function listening(child: ChildProcess): Promise<void> {
  let said = ''
  child.stderr?.on('data', (chunk) => {
    said += chunk
  })
  const ended = once(child, 'close').then(() => {
    throw noWay('bridge a port out of the container', said)
  })
  // Without a handler of its own, the end of the bridge after the boot would count as unhandled.
  ended.catch(() => undefined)
  if (child.stdout) await Promise.race([once(child.stdout, 'data'), ended])
}

/** A port on loopback that leads to a socket file; connections are closed at once while nobody listens there. */
export async function forwardTo(socketFile: string): Promise<Reach> {
  const server = createServer({ allowHalfOpen: true }, (outer) => {
    const inner = connect({ path: socketFile, allowHalfOpen: true })
    const end = () => {
      outer.destroy()
      inner.destroy()
    }
    pipeline(outer, inner).catch(end)
    pipeline(inner, outer).catch(end)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, close: () => void server.close() }
}

function noWay(attempted: string, found: string): StageError {
  return new StageError('no-runner', {
    attempted,
    found: found.trim() || 'nothing was said',
    hint: 'install iproute2 and util-linux, and run as root or with rootless podman; or verify with --runner dagger',
  })
}
