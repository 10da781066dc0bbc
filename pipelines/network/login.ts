import { execFile } from 'node:child_process'
import { z } from 'zod'
import { readRegularFile } from '../files/regular-file.ts'
import type { ProgramSettings, Settings } from '../settings/settings.ts'
import { LoginError } from './error.ts'

/**
 * What a registry or its token server is told; no printing of it shows more than `origin`. What is revealed is for `basic`
 * the content of a `Basic` header, for `identity` an OAuth refresh token, which some helpers give.
 */
export interface Login {
  type: 'basic' | 'identity'
  /** Where it was found, for messages. */
  origin: string
  reveal(): string
}

const entry = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
})

const loginFile = z.object({
  auths: z.record(z.string(), entry.nullable()).optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  credsStore: z.string().optional(),
})

/** Where logins are read, and the helpers that keep some. */
export type LoginSettings = Pick<Settings, 'loginFiles' | 'programs'>

type LoginFile = z.infer<typeof loginFile>

/**
 * The login for a registry from where `docker login`, `podman login` and `skopeo login` keep it: helpers first, as Docker
 * has it. Undefined when there is none. Throws `unauthorized` when a helper that is configured for this very host fails.
 */
export async function findLogin(
  host: string,
  { loginFiles, programs }: LoginSettings,
): Promise<Login | undefined> {
  for (const path of loginFiles) {
    const config = await readLogins(path)
    if (config === undefined) continue
    const login = await loginIn(config, host, path, programs)
    if (login !== undefined) return login
  }
  return undefined
}

/** `Basic` content for a user and a password; neither is kept in readable form elsewhere. */
export function basicLogin(username: string, password: string, origin: string): Login {
  return loginWith('basic', Buffer.from(`${username}:${password}`).toString('base64'), origin)
}

/** The secret lives in a closure, which neither JSON nor `util.inspect` looks into. */
function loginWith(type: Login['type'], secret: string, origin: string): Login {
  return { type, origin, reveal: () => secret }
}

async function loginIn(
  config: LoginFile,
  host: string,
  path: string,
  programs: ProgramSettings,
): Promise<Login | undefined> {
  for (const name of namesOf(host)) {
    const helper = config.credHelpers?.[name]
    if (helper !== undefined) return askHelper(helper, name, programs, true)
  }
  for (const name of namesOf(host)) {
    const stored = config.credsStore && (await askHelper(config.credsStore, name, programs, false))
    const login = stored || loginOf(config.auths?.[name] ?? undefined, path)
    if (login) return login
  }
  return undefined
}

function loginOf(found: z.infer<typeof entry> | undefined, origin: string): Login | undefined {
  if (found?.identitytoken) return loginWith('identity', found.identitytoken, origin)
  if (found?.auth) return loginWith('basic', found.auth, origin)
  if (found?.username !== undefined && found.password !== undefined)
    return basicLogin(found.username, found.password, origin)
  return undefined
}

function namesOf(host: string): string[] {
  if (host === 'registry-1.docker.io') return ['https://index.docker.io/v1/', 'docker.io', host]
  return [host, `https://${host}`, `http://${host}`, `https://${host}/v1/`, `https://${host}/v2/`]
}

/** A missing file holds no login; one that cannot be understood is told, since a login may be in it. */
async function readLogins(path: string): Promise<LoginFile | undefined> {
  const read = await readRegularFile(path)
  if (!read.ok || read.text.trim() === '') return undefined
  const { text } = read
  try {
    return loginFile.parse(JSON.parse(text))
  } catch {
    // The parser's words would quote the file, and with it a password.
    throw new LoginError('unauthorized', {
      attempted: `read the logins in ${path}`,
      found: 'the file is not JSON of the form that docker and podman write',
      hint: 'correct it, or log in again with `docker login` or `podman login`',
    })
  }
}

const helperAnswer = z.object({ Username: z.string(), Secret: z.string() })

/** `docker-credential-NAME get` reads a server from its input and prints user and secret. */
function askHelper(
  helper: string,
  server: string,
  programs: ProgramSettings,
  required: boolean,
): Promise<Login | undefined> {
  const program = `docker-credential-${helper}`
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      ['get'],
      { env: programs.environment, timeout: 30_000 },
      (error, stdout) => {
        const login = error ? undefined : loginFromHelper(stdout, program)
        if (login === undefined && required) reject(helperFailed(program, server))
        else resolve(login)
      },
    )
    child.stdin?.on('error', () => {})
    child.stdin?.end(server)
  })
}

function loginFromHelper(stdout: string, origin: string): Login | undefined {
  try {
    const { Username, Secret } = helperAnswer.parse(JSON.parse(stdout))
    return Username === '<token>'
      ? loginWith('identity', Secret, origin)
      : basicLogin(Username, Secret, origin)
  } catch {
    return undefined
  }
}

function helperFailed(program: string, server: string): LoginError {
  return new LoginError('unauthorized', {
    attempted: `ask ${program} for the login of ${server}`,
    found: 'it gave none',
    hint: `run \`echo ${server} | ${program} get\` by hand, and log in again`,
  })
}
