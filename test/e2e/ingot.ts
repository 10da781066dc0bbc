import { spawn } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Report } from '../../images/report/report.ts'
import { lockFileOf } from '../../pipelines/lock/lock-file.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'

const root = resolve(import.meta.dirname, '../..')

/** A folder like a user's: its own store, locks and recipes. */
export interface Workplace {
  folder: string
  store: string
  environment: NodeJS.ProcessEnv
}

export interface Run {
  code: number
  stdout: string
  stderr: string
}

export async function newWorkplace(): Promise<Workplace> {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-e2e-'))
  const store = join(folder, 'store')
  await mkdir(join(folder, 'locks'))
  return {
    folder,
    store,
    environment: { ...process.env, INGOT_STORE: store, INGOT_LOCKS: join(folder, 'locks'), CI: 'true' },
  }
}

/** The text of the one lock that a workplace has. */
export async function lockText({ folder }: Workplace): Promise<string> {
  const names = await readdir(join(folder, 'locks'))
  if (names.length === 1) return readFile(join(folder, 'locks', names[0] ?? ''), 'utf8')
  throw new Error(`there are ${names.length} locks`)
}

/** Gives the recipe of this name in one workplace the lock that it has in another. */
export async function copyLock(name: string, from: Workplace, to: Workplace): Promise<void> {
  const fileOf = ({ folder, environment }: Workplace) =>
    lockFileOf(join(folder, `${name}.yaml`), readSettings(environment))
  await copyFile(fileOf(from), fileOf(to))
}

export const demoRecipe = join(root, 'recipes/smollm2-135m-llama-cpp.yaml')

/** Runs the command as a user would. `onLine` sees each line of progress and may send a signal. */
export function ingot(
  args: readonly string[],
  place: Workplace,
  onLine: (line: string, kill: (signal: NodeJS.Signals) => void) => void = () => undefined,
): Promise<Run> {
  const child = spawn(join(root, 'bin/ingot'), args, {
    cwd: place.folder,
    env: place.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const out: string[] = []
  const err: string[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => out.push(text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err.push(text)
    for (const line of text.split('\n')) onLine(line, (signal) => void child.kill(signal))
  })
  return new Promise((done, failed) => {
    child.once('error', failed)
    child.once('close', (code, signal) =>
      done({ code: code ?? (signal === null ? -1 : 1000), stdout: out.join(''), stderr: err.join('') }),
    )
  })
}

/** What a build says that did not end well: its progress, and every required check that did not pass. */
export function storyOf({ stdout, stderr }: Run): string {
  const reports: Report[] = stdout.startsWith('[') ? JSON.parse(stdout) : []
  const unmet = reports.flatMap(({ name, boots }) =>
    boots
      .flatMap(({ checks }) => checks)
      .filter(({ required, status }) => required && status !== 'passed')
      .map(({ id, status, observed, evidence }) => `${name}: ${id} ${status}: ${observed}\n${evidence}`),
  )
  return [stderr, ...unmet].join('\n')
}

/** A recipe in the workplace made from the demo's text. */
export async function writeRecipe(place: Workplace, name: string, text: string): Promise<string> {
  const file = join(place.folder, `${name}.yaml`)
  await writeFile(file, text)
  return file
}
