import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { ensureTool } from '../../tools.ts'

/** The distribution project's registry, as Debian packs it, with its data in a folder of its own. */
export interface DebianRegistry {
  host: string
  origin: string
  folder: string
  close(): Promise<void>
}

/** Starts it; with a password, `robot` has to log in. */
export async function startDebianRegistry(password?: string): Promise<DebianRegistry> {
  const program = await ensureTool('docker-registry')
  const folder = await mkdtemp(join(tmpdir(), 'ingot-distribution-'))
  const port = await freePort()
  const auth = password === undefined ? '' : await htpasswd(folder, password)
  const config = join(folder, 'config.yml')
  await writeFile(config, configText(folder, port, auth))
  const child = spawn(program, ['serve', config], { stdio: 'ignore' })
  const origin = `http://127.0.0.1:${port}`
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

function configText(folder: string, port: number, auth: string): string {
  return `version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: ${folder}/data }, delete: { enabled: true } }
http: { addr: 127.0.0.1:${port}, secret: test }
${auth}`
}

async function htpasswd(folder: string, password: string): Promise<string> {
  const { stdout } = await promisify(execFile)(await ensureTool('htpasswd'), ['-Bbn', 'robot', password])
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

async function untilReady(origin: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const status = await fetch(`${origin}/v2/`).then(
      (answer) => answer.status,
      () => 0,
    )
    if (status === 200 || status === 401) return
    await sleep(100)
  }
  throw new Error(`the registry at ${origin} did not start`)
}
