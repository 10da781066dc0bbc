import { lstat, mkdir } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { Runner } from '../boot/runner.ts'
import { holdLock } from '../store/lock.ts'

/**
 * Runs a boot while no other ingot of this user boots, where their servers would share processors: two of llama.cpp on two cores
 * give 1.5 to 9 tokens/s in place of 100, as their threads spin at barriers. On GPUs nothing waits.
 */
export async function inTurn<Result>(
  { takesTurns = false }: Pick<Runner, 'takesTurns'>,
  signal: AbortSignal | undefined,
  boot: () => Promise<Result>,
): Promise<Result> {
  const folder = takesTurns ? await ownFolder() : null
  if (folder === null) return boot()
  const lock = await holdLock(join(folder, 'boot.lock'), signal === undefined ? {} : { signal })
  try {
    return await boot()
  } finally {
    lock.release()
  }
}

/** Null where somebody else has the name: boots then wait for nobody. */
async function ownFolder(): Promise<string | null> {
  const { uid } = userInfo()
  const folder = join(tmpdir(), `ingot-boots-${uid}`)
  // One that is there is looked at below.
  await mkdir(folder, { mode: 0o700 }).catch(() => undefined)
  const there = await lstat(folder).catch(() => null)
  return there?.isDirectory() && there.uid === uid ? folder : null
}
