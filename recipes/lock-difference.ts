import { canonicalJson, type Json } from '../lib/json.ts'

/** What of a lock has to be resolved again: `files` is the list of files at the pinned commit, `parts` how they are split. */
export type LockPart = 'runtime' | 'weights' | 'files' | 'parts' | 'modelcar'

/** One key that a recipe and its lock disagree about. */
export interface LockDifference {
  /** Key path as in the YAML, e.g. `weights.source.revision`. */
  path: string
  /** Both values in words. */
  recipe: string
  lock: string
  /** Empty where the lock pins the right things and only its record is another. */
  renews: readonly LockPart[]
}

/** One entry when the values differ; values are compared and shown as JSON. */
export function differing(
  path: string,
  recipe: Json | undefined,
  lock: Json | undefined,
  renews: readonly LockPart[],
): LockDifference[] {
  if (shown(recipe) === shown(lock)) return []
  return [{ path, recipe: shown(recipe), lock: shown(lock), renews }]
}

/** A value as JSON, or that there is none. */
export function shown(value: Json | undefined): string {
  return value === undefined ? 'nothing' : canonicalJson(value)
}
