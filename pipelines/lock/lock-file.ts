import { rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { digestOf, hexOf } from '../../lib/digest.ts'
import { errnoOf, messageOf } from '../../lib/error.ts'
import { RecipeError } from '../../recipes/error.ts'
import { formatLock, type Lock, parseLock } from '../../recipes/lock.ts'
import { StageError } from '../error.ts'
import { makeFolder } from '../files/make-folder.ts'
import { readRegularFile } from '../files/regular-file.ts'
import type { Settings } from '../settings/settings.ts'
import { readRecipeName } from './recipe-texts.ts'

/** What lies where the lock of a recipe belongs. A broken one is written anew by `ingot lock`. */
export type LockState =
  | { state: 'none' }
  | { state: 'broken'; error: RecipeError }
  | { state: 'read'; lock: Lock }

/**
 * Locks lie beside their recipes. INGOT_LOCKS names a folder for the locks of all recipes of a machine; there the whole path
 * of a recipe is a part of the name, so that two recipes never share a lock.
 */
export function lockFileOf(file: string, { locksFolder }: Pick<Settings, 'locksFolder'>): string {
  const whole = resolve(file)
  // One recipe of a matrix has its name, which stands behind the file's.
  const name = readRecipeName(basename(whole)).variant ?? basename(whole).replace(/\.ya?ml$/, '')
  if (locksFolder === undefined) return join(dirname(whole), `${name}.lock.json`)
  return resolve(locksFolder, `${name}-${hexOf(digestOf(whole)).slice(0, 12)}.lock.json`)
}

/** Longer than any lock: that of 50,000 files has some 10 MB. */
const mostLockBytes = 256 * 1024 ** 2

/** Reads what is there. Throws `invalid-lock` for what is no file, or in no folder: nothing may take its place. */
export async function readLockFile(lockFile: string): Promise<LockState> {
  const sizeBytes = await sizeOf(lockFile)
  if (sizeBytes === undefined) return { state: 'none' }
  try {
    if (sizeBytes > mostLockBytes) throw badLock(lockFile, `it has ${sizeBytes} bytes, which no lock has`)
    const read = await readRegularFile(lockFile)
    // Somebody took it away since it was looked at.
    if (!read.ok && errnoOf(read.cause) === 'ENOENT') return { state: 'none' }
    if (!read.ok) throw badLock(lockFile, read.found, read.cause)
    return { state: 'read', lock: parseLock(read.text, lockFile) }
  } catch (error) {
    const known = error instanceof RecipeError ? error : badLock(lockFile, messageOf(error), error)
    return { state: 'broken', error: known }
  }
}

/** Undefined when nothing is there. Asked before it is opened: a pipe would be waited for. */
async function sizeOf(lockFile: string): Promise<number | undefined> {
  const found = await stat(lockFile).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw wrongPlace(lockFile, messageOf(error), error)
  })
  if (found === undefined || found.isFile()) return found?.size
  throw wrongPlace(lockFile, found.isDirectory() ? 'a folder is in its place' : 'what is there is no file')
}

/** The lock, undefined when there is none. Throws `invalid-lock` for a broken one. */
export async function loadLock(lockFile: string): Promise<Lock | undefined> {
  const found = await readLockFile(lockFile)
  if (found.state === 'broken') throw found.error
  return found.state === 'read' ? found.lock : undefined
}

/** The lock as its reader will see it. Throws `bad-answer` for one that the reader would refuse. */
export function readableLock(lockFile: string, lock: Lock): Lock {
  try {
    return parseLock(formatLock(lock), lockFile)
  } catch (cause) {
    if (!(cause instanceof RecipeError)) throw cause
    throw new StageError('bad-answer', {
      attempted: `write the lock ${lockFile}`,
      found: `a source or archive answered with what no lock may hold: ${cause.failure.found}`,
      hint: 'nothing was written; look at this member where it comes from: a mirror or proxy may have changed it',
      cause,
    })
  }
}

/** Of this process. */
let writes = 0

/**
 * Writes a lock whole or not at all, and only one that its own reader takes. Throws `bad-answer`, `unwritable-lock`, and
 * `no-space` for a full disk.
 */
export async function saveLock(lockFile: string, lock: Lock): Promise<void> {
  const text = formatLock(readableLock(lockFile, lock))
  // Two tasks of one process may write the same lock, and neither may take the other's part away.
  writes += 1
  const part = `${lockFile}.${process.pid}-${writes}.part`
  try {
    await makeFolder(dirname(lockFile))
    await writeFile(part, text)
    await rename(part, lockFile)
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined)
    throw unwritable(lockFile, error)
  }
}

function badLock(lockFile: string, found: string, cause?: unknown): RecipeError {
  const hint = '`ingot lock RECIPE` writes it anew; or take it from version control'
  return new RecipeError('invalid-lock', { attempted: `read the lock ${lockFile}`, found, hint, cause })
}

function wrongPlace(lockFile: string, found: string, cause?: unknown): RecipeError {
  const hint =
    'a lock is one file: move away what is there; INGOT_LOCKS names a folder for locks that lie elsewhere'
  return new RecipeError('invalid-lock', { attempted: `read the lock ${lockFile}`, found, hint, cause })
}

function unwritable(lockFile: string, cause: unknown): RecipeError | StageError {
  const failure = { attempted: `write the lock ${lockFile}`, found: messageOf(cause), cause }
  if (['ENOSPC', 'EDQUOT'].includes(errnoOf(cause) ?? ''))
    return new StageError('no-space', { ...failure, hint: 'free space on its disk; nothing of it was kept' })
  const hint = 'give this user the right to write there, or set INGOT_LOCKS to another folder for locks'
  return new RecipeError('unwritable-lock', { ...failure, hint })
}
