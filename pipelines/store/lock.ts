import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { errnoOf } from '../../lib/error.ts'
import { kindOf } from '../files/regular-file.ts'
import { saidWhile } from '../network/waiting.ts'
import { StoreError, storeErrorFrom } from './error.ts'

export interface LockOptions {
  /** Called once, before waiting, with who holds the lock: `process 4711`. */
  onWait?: (holder: string) => void
  signal?: AbortSignal
}

/** A lock of the kernel's (flock): it ends with `release` or with the process, however that dies. */
export interface HeldLock {
  release(options?: { remove?: boolean }): void
}

/**
 * Runs `act` while no other holder of this name runs, in this process or another one on this machine,
 * containers that share the folder included. A holder that crashed holds nothing.
 */
export async function withStoreLock<Result>(
  store: { root: string },
  name: string,
  act: () => Promise<Result>,
  options: LockOptions = {},
): Promise<Result> {
  const lock = await holdLock(join(store.root, 'ingot', 'locks', `${name}.lock`), options)
  try {
    return await act()
  } finally {
    lock.release()
  }
}

/** Takes the lock on this file, made if missing; waits as long as somebody else has it. */
export async function holdLock(path: string, options: LockOptions = {}): Promise<HeldLock> {
  for (;;) {
    const descriptor = openLockFile(path)
    try {
      if (!(await flock(descriptor, 'try'))) {
        const holder = holderOf(descriptor)
        options.onWait?.(holder)
        const wait = () => flock(descriptor, 'wait', options.signal)
        await saidWhile(`waits for ${holder}, which has ${path}, until that is done`, wait)
      }
      if (isStillAt(descriptor, path)) return heldLock(descriptor, path)
    } catch (error) {
      closeSync(descriptor)
      throw error
    }
    closeSync(descriptor)
  }
}

/** The same for a place that is no store: what the disk says is thrown as it is, since the words for a store do not fit. */
export async function holdPlace(path: string, options: LockOptions = {}): Promise<HeldLock> {
  try {
    return await holdLock(path, options)
  } catch (error) {
    throw error instanceof StoreError && errnoOf(error.cause) !== undefined ? error.cause : error
  }
}

/** Takes the lock if nobody has it, else undefined. */
export async function tryLock(path: string): Promise<HeldLock | undefined> {
  for (;;) {
    const descriptor = openLockFile(path)
    try {
      if (!(await flock(descriptor, 'try'))) {
        closeSync(descriptor)
        return undefined
      }
      // A holder that took its file away a moment ago holds nothing.
      if (isStillAt(descriptor, path)) return heldLock(descriptor, path)
    } catch (error) {
      closeSync(descriptor)
      throw error
    }
    closeSync(descriptor)
  }
}

/** Asks the open file and not its path: the holder may have ended, and taken the path away, since this lock was tried. */
export function holderOf(descriptor: number): string {
  const bytes = Buffer.alloc(32)
  const sizeBytes = readSync(descriptor, bytes, 0, bytes.length, 0)
  const text = bytes.toString('utf8', 0, sizeBytes).trim()
  return text === '' ? 'another process' : `process ${text}`
}

function openLockFile(path: string): number {
  const descriptor = openedAt(path)
  const kind = kindOf(fstatSync(descriptor))
  if (kind === undefined) return descriptor
  closeSync(descriptor)
  throw new StoreError('locked', {
    attempted: `open the lock ${path}`,
    found: `it is ${kind}`,
    hint: 'a lock is a file that ingot makes itself: remove what is there',
  })
}

function openedAt(path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT, 0o666)
  } catch (error) {
    throw storeErrorFrom(error, `open the lock ${path}`)
  }
}

function heldLock(descriptor: number, path: string): HeldLock {
  ftruncateSync(descriptor)
  // Only a message for those who wait: a full disk must not take the lock away.
  ignoreDiskFull(() => writeSync(descriptor, `${process.pid}\n`))
  let held = true
  return {
    release({ remove = false } = {}) {
      if (!held) return
      held = false
      if (remove) rmSync(path, { force: true })
      closeSync(descriptor)
    },
  }
}

function ignoreDiskFull(act: () => void): void {
  try {
    act()
  } catch (error) {
    if (errnoOf(error) !== 'ENOSPC' && errnoOf(error) !== 'EDQUOT') throw error
  }
}

/** A holder may remove its lock file, so one that waited has to see whether it locked the file that is there now. */
function isStillAt(descriptor: number, path: string): boolean {
  const there = statSync(path, { throwIfNoEntry: false })
  return there !== undefined && there.ino === fstatSync(descriptor).ino
}

// Node has no flock. A child locks the open file it inherits, and the lock stays when the child ends, because it
// belongs to the open file and not to the process. macOS has no flock(1) but has perl.
const perl = 'open(my $file, "+<&=3") or exit 66; flock($file, $ARGV[0]) or exit 1'
const lockers = [
  { program: 'flock', try: ['-x', '-n', '3'], wait: ['-x', '3'] },
  { program: 'perl', try: ['-e', perl, '6'], wait: ['-e', perl, '2'] },
] as const

async function flock(descriptor: number, mode: 'try' | 'wait', signal?: AbortSignal): Promise<boolean> {
  for (const locker of lockers) {
    const code = await runLocker(locker.program, locker[mode], descriptor, signal)
    if (code === 'missing') continue
    if (code === 0) return true
    if (code === 1 && mode === 'try') return false
    throw lockFailed(`${locker.program} ended with ${code}`)
  }
  throw lockFailed('neither flock nor perl is on this machine')
}

async function runLocker(
  program: string,
  args: readonly string[],
  descriptor: number,
  signal: AbortSignal | undefined,
): Promise<number | string | 'missing'> {
  const stdio: ('ignore' | number)[] = ['ignore', 'ignore', 'ignore', descriptor]
  const child = spawn(program, args, { stdio, ...(signal && { signal }) })
  try {
    const [code, killedBy] = await once(child, 'exit')
    return code ?? killedBy
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 'missing'
    throw error
  }
}

function lockFailed(found: string): StoreError {
  return new StoreError('locked', {
    attempted: 'lock the store',
    found,
    hint: 'install util-linux, and keep the store on a local file system',
  })
}
