import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Told {
  code: number
  stdout: string
  stderr: string
}

/** Runs a script of a bundle as a site does: the system's own sh, nothing else in the environment but what is given. */
export async function script(path: string, ...args: string[]): Promise<Told> {
  return scriptWith({}, path, ...args)
}

export async function scriptWith(
  environment: NodeJS.ProcessEnv,
  path: string,
  ...args: string[]
): Promise<Told> {
  try {
    const env = { PATH: '/usr/bin:/bin', ...environment }
    const { stdout, stderr } = await run('sh', [path, ...args], { env, maxBuffer: 1 << 24 })
    return { code: 0, stdout, stderr }
  } catch (error) {
    // execFile's error has what the program printed.
    const { code, stdout, stderr } = error as Told
    return { code, stdout, stderr }
  }
}

/** sha256 of every file by its path. */
export async function bytesIn(path: string): Promise<Record<string, string>> {
  const names = await readdir(path, { recursive: true, withFileTypes: true })
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const { stdout } = await run('sha256sum', files)
  return Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => [line.slice(67 + path.length), line.slice(0, 64)] satisfies [string, string]),
  )
}
