import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import type { SourceSession } from './source.ts'

const loginFile = z.object({
  auths: z.record(z.string(), z.object({ auth: z.string().optional() }).nullable()).optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  credsStore: z.string().optional(),
})

/** `Basic …` for a registry, from where `docker login` and `podman login` keep it, or undefined. */
export async function registryLogin(host: string, session: SourceSession): Promise<string | undefined> {
  const names =
    host === 'registry-1.docker.io'
      ? ['https://index.docker.io/v1/', 'docker.io', host]
      : [host, `https://${host}`]
  for (const path of loginPaths(session.environment)) {
    const config = await readLogins(path)
    for (const name of names) {
      const helper = config?.credHelpers?.[name] ?? (config?.auths?.[name] ? config.credsStore : undefined)
      const basic = helper ? await askHelper(helper, name, session) : config?.auths?.[name]?.auth
      if (basic) return `Basic ${basic}`
    }
  }
  return undefined
}

function loginPaths(environment: NodeJS.ProcessEnv): string[] {
  const home = environment['HOME'] ?? homedir()
  const runtime = environment['XDG_RUNTIME_DIR']
  return [
    environment['REGISTRY_AUTH_FILE'],
    join(environment['DOCKER_CONFIG'] ?? join(home, '.docker'), 'config.json'),
    runtime && join(runtime, 'containers/auth.json'),
    join(home, '.config/containers/auth.json'),
  ].filter((path): path is string => Boolean(path))
}

/** A file that is missing or not to be understood holds no login. */
async function readLogins(path: string): Promise<z.infer<typeof loginFile> | undefined> {
  try {
    return loginFile.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    return undefined
  }
}

/** `docker-credential-NAME get` reads a server from its input and prints user and secret. */
function askHelper(
  helper: string,
  server: string,
  { environment }: SourceSession,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = { env: environment, timeout: 30_000 }
    const child = execFile(`docker-credential-${helper}`, ['get'], options, (error, stdout) => {
      if (error) return resolve(undefined)
      try {
        const { Username = '', Secret = '' } = JSON.parse(stdout)
        resolve(Buffer.from(`${Username}:${Secret}`).toString('base64'))
      } catch {
        resolve(undefined)
      }
    })
    child.stdin?.on('error', () => {})
    child.stdin?.end(server)
  })
}
