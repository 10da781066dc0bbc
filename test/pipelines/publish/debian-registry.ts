import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { toolPath } from '../../tools/find.ts'

/** The distribution project's registry, as Debian packs it, with its data in a folder of its own. */
export interface DebianRegistry {
  host: string
  origin: string
  folder: string
  close(): Promise<void>
}

export interface RegistryOptions {
  /** Debian's 2.8.2, or the project's present release, which takes minutes to build. */
  program?: 'docker-registry' | 'registry'
  /** `robot` has to log in with it. */
  password?: string
  /** Tokens of this server are asked for. */
  tokens?: { realm: string; service: string; issuer: string; certificate: string }
  /** Files of a certificate and its key. */
  tls?: { certificate: string; key: string }
}

/** Debian's registry; with a password, `robot` has to log in. */
export function startDebianRegistry(password?: string): Promise<DebianRegistry> {
  return startRegistry(password === undefined ? {} : { password })
}

export async function startRegistry(options: RegistryOptions): Promise<DebianRegistry> {
  const { program = 'docker-registry', tls } = options
  const path = toolPath(program)
  const folder = await mkdtemp(join(tmpdir(), 'ingot-distribution-'))
  const port = await freePort()
  const config = join(folder, 'config.yml')
  await writeFile(config, await configText(folder, port, options))
  const child = spawn(path, ['serve', config], { stdio: 'ignore' })
  const origin = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`
  await untilReady(origin)
  return {
    host: `127.0.0.1:${port}`,
    origin,
    folder,
    async close() {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function configText(folder: string, port: number, options: RegistryOptions): Promise<string> {
  const { password, tokens, tls } = options
  const secured = tls ? `, tls: { certificate: ${tls.certificate}, key: ${tls.key} }` : ''
  return `version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: ${folder}/data }, delete: { enabled: true } }
http: { addr: 127.0.0.1:${port}, secret: test${secured} }
${password === undefined ? '' : await htpasswd(folder, password)}${
  tokens
    ? `auth: { token: { realm: ${tokens.realm}, service: ${tokens.service}, issuer: ${tokens.issuer}, rootcertbundle: ${tokens.certificate} } }\n`
    : ''
}`
}

async function htpasswd(folder: string, password: string): Promise<string> {
  const { stdout } = await promisify(execFile)(toolPath('htpasswd'), ['-Bbn', 'robot', password])
  await writeFile(join(folder, 'htpasswd'), stdout)
  return `auth: { htpasswd: { realm: test, path: ${folder}/htpasswd } }\n`
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address ? address.port : 0
}

/** Ready is whoever takes a connection: a registry with a certificate of its own answers nobody who does not know it. */
async function untilReady(origin: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const socket = connect(Number(new URL(origin).port), '127.0.0.1')
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isOpen) return
    await sleep(100)
  }
  throw new Error(`the registry at ${origin} did not start`)
}
