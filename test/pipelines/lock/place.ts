import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import { main } from '../../../pipelines/cli.ts'
import { lockFileOf } from '../../../pipelines/lock/lock-file.ts'
import { readSettings } from '../../../pipelines/settings/settings.ts'
import { formatLock, type Lock, parseLock } from '../../../recipes/lock.ts'
import { lockMadeFrom, type RawRecipe, recipeOf } from '../../recipes/locked.ts'
import { scratchFolder } from '../../scratch.ts'

export interface Run {
  code: number
  stdout: string
  stderr: string
}

/** A folder with one recipe, as a user has it. */
export interface Place {
  folder: string
  file: string
  lockFile: string
  environment: NodeJS.ProcessEnv
}

export async function placeOf(raw: RawRecipe, more: NodeJS.ProcessEnv = {}): Promise<Place> {
  const folder = await scratchFolder()
  const file = join(folder, 'tiny.yaml')
  const environment = { PATH: process.env['PATH'], INGOT_STORE: join(folder, 'store'), ...more }
  await writeRaw(file, raw)
  return { folder, file, environment, lockFile: lockFileOf(file, readSettings(environment)) }
}

export function writeRaw(file: string, raw: RawRecipe): Promise<void> {
  return writeFile(file, stringify(raw))
}

/** Writes the lock that fits a recipe, with what the caller puts over it. */
export async function writeLock(place: Place, raw: RawRecipe, more: Partial<Lock> = {}): Promise<Lock> {
  const lock = { ...lockMadeFrom(recipeOf(raw)), ...more }
  await mkdir(dirname(place.lockFile), { recursive: true })
  await writeFile(place.lockFile, formatLock(lock))
  return lock
}

export async function readLock({ lockFile }: Place): Promise<Lock> {
  return parseLock(await readFile(lockFile, 'utf8'), lockFile)
}

/** One command line, in this process. An engine is never there: what needs one fails. */
export async function ingot(args: readonly string[], place: Place): Promise<Run> {
  const out: string[] = []
  const err: string[] = []
  const code = await main(args, {
    stdout: (text) => void out.push(text),
    stderr: (text) => void err.push(text),
    environment: place.environment,
    progress: { step: () => undefined, bytes: () => undefined, end: () => undefined, lanes: () => [] },
    signal: new AbortController().signal,
  })
  return { code, stdout: out.join(''), stderr: err.join('') }
}
