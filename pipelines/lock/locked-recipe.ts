import { dirname } from 'node:path'
import { lockFit } from '../../images/plan/lock-fit.ts'
import { RecipeError } from '../../recipes/error.ts'
import type { Lock } from '../../recipes/lock.ts'
import type { LockDifference } from '../../recipes/lock-difference.ts'
import type { LockedOwnFile, LockedOwnFiles } from '../../recipes/own-layer.ts'
import { settingFileKeys } from '../../recipes/setting-files.ts'
import { StageError } from '../error.ts'
import type { Settings } from '../settings/settings.ts'
import { loadLock, saveLock } from './lock-file.ts'
import { type LoadedRecipe, loadRecipe } from './recipe-files.ts'

/** A recipe with the lock that was made from it. */
export interface LockedRecipe extends LoadedRecipe {
  lock: Lock
}

/**
 * The one way to a recipe and its lock. `act` says what for, as in "plan FILE". Throws `missing-lock` with the place, and
 * `lock-mismatch` with every key in which the two differ.
 */
export async function loadLocked(
  file: string,
  settings: Pick<Settings, 'locksFolder'>,
  act: string,
): Promise<LockedRecipe> {
  const loaded = await loadRecipe(file, settings)
  const lock = await lockOf(loaded)
  if (lock !== undefined) return { ...loaded, lock }
  throw missingLock(loaded, act, `run \`ingot lock ${file}\`, or \`ingot build ${file}\`, which locks first`)
}

/** The lock of a recipe that may have none yet. Throws as `loadLocked`. */
export async function lockOf(loaded: LoadedRecipe): Promise<Lock | undefined> {
  const lock = await loadLock(loaded.lockFile)
  if (lock !== undefined) requireSame(loaded, lock)
  return lock
}

/** Throws `lock-mismatch` when a lock was not made from this recipe. */
export function requireSame(loaded: LoadedRecipe, lock: Lock): void {
  const differences = [...lockFit(loaded.recipe, lock), ...fileDifferences(loaded, lock)]
  if (differences.length === 0) return
  throw new RecipeError('lock-mismatch', {
    attempted: `use the lock ${loaded.lockFile}`,
    found: `${loaded.file} says something else\n${differences.map(differenceText).join('\n')}`,
    hint: `run \`ingot lock ${loaded.file}\`, which renews what these keys touch and keeps the rest; or take the edit back`,
  })
}

/** Files that the recipe names, with other bytes than were locked. */
function fileDifferences(loaded: LoadedRecipe, lock: Lock): LockDifference[] {
  const { trust = [], settingFiles = {}, ownFiles = [], calibration } = loaded
  const { source } = lock.weights
  const matrix = source.type === 'quantized' ? source.imatrix : undefined
  return [
    ...changedFile('weights.quantize.imatrix', calibration, matrix),
    ...ownFiles.flatMap((place, index) =>
      changedFiles(`image.files.${index}`, place, lock.ownFiles?.[index]),
    ),
    ...trust.flatMap((file, index) =>
      changedFile(
        `image.trust.${index}`,
        file,
        lock.trust?.find(({ path }) => path === file.path),
      ),
    ),
    ...settingFileKeys.flatMap((key) =>
      changedFile(`model.${key}`, settingFiles[key], lock.settingFiles?.[key]),
    ),
  ]
}

/** Files of one place that came, went or changed, in one sentence. */
function changedFiles(
  key: string,
  { from, files }: LockedOwnFiles[number],
  locked: LockedOwnFiles[number] | undefined,
): LockDifference[] {
  if (locked === undefined || locked.from !== from) return []
  const [now, then] = [files, locked.files].map(
    (list) => new Map(list.map((file) => [file.path, shownFile(file)])),
  )
  const paths = [...new Set([...(now?.keys() ?? []), ...(then?.keys() ?? [])])]
  const changed = paths.filter((path) => now?.get(path) !== then?.get(path))
  const [first] = changed
  if (first === undefined) return []
  const named = `${first === '' ? from : `${from}/${first}`}${changed.length > 1 ? ` and ${changed.length - 1} more` : ''}`
  return [
    {
      path: key,
      recipe: `${named}: ${now?.get(first) ?? 'no such file'}`,
      lock: then?.get(first) ?? 'no such file',
      renews: [],
    },
  ]
}

function shownFile({ sha256, executable }: LockedOwnFile): string {
  return `sha256 ${sha256.slice(0, 12)}${executable ? ', a program' : ''}`
}

interface HashedFile {
  path: string
  sha256: string
}

function changedFile(
  key: string,
  file: HashedFile | undefined,
  locked: HashedFile | undefined,
): LockDifference[] {
  if (file === undefined || locked === undefined || file.sha256 === locked.sha256) return []
  const recipe = `${file.path} with sha256 ${file.sha256.slice(0, 12)}`
  return [{ path: key, recipe, lock: `sha256 ${locked.sha256.slice(0, 12)}`, renews: [] }]
}

function differenceText({ path, recipe, lock }: LockDifference): string {
  return `    ${path}: the recipe says ${recipe}, the lock ${lock}`
}

/** Saves a lock that fits its recipe, as every later command will ask. Throws as `saveLock`, and `lock-mismatch`. */
export async function saveLockOf(loaded: LoadedRecipe, lock: Lock): Promise<void> {
  requireSame(loaded, lock)
  await saveLock(loaded.lockFile, lock)
}

export function missingLock(loaded: LoadedRecipe, act: string, hint: string): StageError {
  return new StageError('missing-lock', {
    attempted: act,
    found: `there is no lock at ${loaded.lockFile} (${placeOf(loaded)})`,
    hint,
  })
}

function placeOf({ lockFile, folder }: LoadedRecipe): string {
  return dirname(lockFile) === folder ? 'beside the recipe' : 'in the folder that INGOT_LOCKS names'
}
