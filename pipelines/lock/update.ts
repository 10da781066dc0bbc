import semver from 'semver'
import { compareUpdate, isSame, type StateComparison } from '../../images/comparison/comparison.ts'
import { messageOf } from '../../lib/error.ts'
import type { Lock } from '../../recipes/lock.ts'
import { type UpdatablePart, updateRenewal } from '../../recipes/lock-renewal.ts'
import { RemoteError } from '../network/error.ts'
import type { LockedRecipe } from './locked-recipe.ts'
import { listReleases } from './releases.ts'
import { type ResolveContext, resolveLock } from './resolve.ts'

/** What is newer than a lock. */
export interface LockUpdate {
  name: string
  file: string
  lockFile: string
  /** Whether the new lock pins anything else. */
  isOutdated: boolean
  /** The newest release of an official image that the recipe does not allow; absent where there is none. */
  beyond?: string
  /** What could not be asked for. */
  notes: string[]
  comparison: StateComparison
}

export interface FoundUpdate {
  update: LockUpdate
  lock: Lock
}

type UpdateContext = Omit<ResolveContext, 'kept' | 'renewal' | 'note'>

/** Resolves these parts of a lock anew and compares. Nothing is written. Throws as `resolveLock`. */
export async function findUpdate(
  locked: LockedRecipe,
  parts: readonly UpdatablePart[],
  context: UpdateContext,
): Promise<FoundUpdate> {
  const { recipe, file, lockFile, lock: before } = locked
  const notes: string[] = []
  const note = (text: string) => void notes.push(text)
  const lock = await resolveLock(locked, { ...context, kept: before, renewal: updateRenewal(parts), note })
  const comparison = compareUpdate(recipe, before, lock)
  const beyond = parts.includes('engine') ? await releaseBeyond(lock, context, note) : undefined
  const update = { name: recipe.name, file, lockFile, isOutdated: !isSame(comparison), notes, comparison }
  return { update: beyond === undefined ? update : { ...update, beyond }, lock }
}

/** A release that is newer than what the lock takes: outside of the range, or of a base that the recipe names. */
async function releaseBeyond(
  { runtime, engine }: Lock,
  context: UpdateContext,
  note: (text: string) => void,
): Promise<string | undefined> {
  if (runtime.type !== 'upstream') return undefined
  try {
    const { repository, releases } = await listReleases(runtime.base.reference, context)
    const [newest] = releases
    return newest !== undefined && semver.gt(newest.version, engine.version)
      ? `${repository}:${newest.tag}`
      : undefined
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error
    context.signal.throwIfAborted()
    note(`whether there are newer releases of ${runtime.base.reference} is not known: ${messageOf(error)}`)
    return undefined
  }
}
