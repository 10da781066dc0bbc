import { stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { judgeRecipe } from '../../images/plan/judge-recipe.ts'
import { optional } from '../../lib/optional.ts'
import type { TrustedFile } from '../../recipes/certificates.ts'
import { RecipeError } from '../../recipes/error.ts'
import type { LockedOwnFiles } from '../../recipes/own-layer.ts'
import { formatProblem, type ParsedRecipe, type Problem, parseRecipe } from '../../recipes/parse.ts'
import type { CalibrationText } from '../../recipes/quantization.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import type { SettingFiles } from '../../recipes/setting-files.ts'
import type { Settings } from '../settings/settings.ts'
import { readCalibration } from './calibration.ts'
import { lockFileOf } from './lock-file.ts'
import { readOwnFiles } from './own-files.ts'
import { withNeeds } from './own-needs.ts'
import { readRecipeName, readRecipeTexts } from './recipe-texts.ts'
import { readSettingFiles } from './setting-files.ts'
import { readTrusted } from './trusted-files.ts'
import { weightsPlaceFindings } from './weights-place.ts'

/** A recipe with the files it lives in. */
export interface LoadedRecipe {
  recipe: Recipe
  file: string
  folder: string
  lockFile: string
  /** Files of certificates that it trusts, as they are now; absent for a recipe that the store remembers. */
  trust?: TrustedFile[]
  /** Files that it names under `model`; absent as those are. */
  settingFiles?: SettingFiles
  /** Files that it adds to the image; absent as those are. */
  ownFiles?: LockedOwnFiles
  /** The text of its importance matrix; absent as those are, and without one. */
  calibration?: CalibrationText
}

/** Reads and checks a recipe; throws `no-recipe` for an unreadable file and `invalid-recipe` with every problem. */
export async function loadRecipe(
  file: string,
  settings: Pick<Settings, 'locksFolder'>,
): Promise<LoadedRecipe> {
  const parsed = await checkRecipe(file)
  if (!parsed.ok) throw invalidRecipe(file, parsed.problems)
  const folder = dirname(resolve(file))
  const { files: trust } = readTrusted(parsed.recipe, folder)
  const { files: settingFiles } = readSettingFiles(parsed.recipe, folder)
  const lockFile = lockFileOf(file, settings)
  await requireOwnLock(file, lockFile, settings)
  const ownFiles = await withNeeds(readOwnFiles(parsed.recipe, folder).files, folder)
  const { text } = readCalibration(parsed.recipe, folder)
  const named = { recipe: parsed.recipe, file, folder, lockFile, trust, settingFiles, ownFiles }
  return { ...named, ...optional('calibration', text) }
}

/**
 * The ending is no part of a lock's name, and a recipe of a matrix has its own: `a.yaml`, `a.yml`, `a` and `all.yaml#a` in one
 * folder would write the same lock.
 */
async function requireOwnLock(
  name: string,
  lockFile: string,
  settings: Pick<Settings, 'locksFolder'>,
): Promise<void> {
  const { file, variant } = readRecipeName(name)
  const own = variant ?? basename(file).replace(/\.ya?ml$/, '')
  const others = ['.yaml', '.yml']
    .map((ending) => join(dirname(file), `${own}${ending}`))
    .filter((other) => resolve(other) !== resolve(file) && lockFileOf(other, settings) === lockFile)
  for (const other of others) {
    const isThere = (await stat(other).catch(() => undefined)) !== undefined
    if (isThere) throw sharedLock(name, other, lockFile)
  }
}

function sharedLock(name: string, other: string, lockFile: string): RecipeError {
  return new RecipeError('invalid-recipe', {
    attempted: `find the lock of ${name}`,
    found: `${other} is there as well, and both would have ${lockFile}`,
    hint: 'give one of the two another name',
  })
}

/** `name` is a file, or one recipe of a file with a matrix as FILE#NAME. */
export async function checkRecipe(name: string): Promise<ParsedRecipe> {
  const { file, variant } = readRecipeName(name)
  const folder = dirname(resolve(file))
  const [own, ...bases] = await readRecipeTexts(file)
  const judge = (recipe: Recipe) => [
    ...judgeRecipe(recipe),
    ...readTrusted(recipe, folder).findings,
    ...readSettingFiles(recipe, folder).findings,
    ...readOwnFiles(recipe, folder).findings,
    ...readCalibration(recipe, folder).findings,
    ...weightsPlaceFindings(recipe, folder),
  ]
  return parseRecipe(own.text, file, judge, { bases, variant })
}

function invalidRecipe(file: string, problems: readonly Problem[]): RecipeError {
  return new RecipeError('invalid-recipe', {
    attempted: `read the recipe ${file}`,
    found: `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}\n${problems.map(formatProblem).join('\n')}`,
    hint: '`ingot check` lists the problems of many recipes at once; docs/recipe.md describes every key',
  })
}
