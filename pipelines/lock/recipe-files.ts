import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { judgeRecipe } from '../../images/plan/judge-recipe.ts'
import { errnoOf, messageOf } from '../../lib/error.ts'
import type { TrustedFile } from '../../recipes/certificates.ts'
import { RecipeError } from '../../recipes/error.ts'
import { limits } from '../../recipes/limits.ts'
import type { LockedOwnFiles } from '../../recipes/own-layer.ts'
import { formatProblem, type ParsedRecipe, type Problem, parseRecipe } from '../../recipes/parse.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import type { SettingFiles } from '../../recipes/setting-files.ts'
import { StageError } from '../error.ts'
import type { Settings } from '../settings/settings.ts'
import { lockFileOf } from './lock-file.ts'
import { readOwnFiles } from './own-files.ts'
import { readSettingFiles } from './setting-files.ts'
import { readTrusted } from './trusted-files.ts'

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
  const { files: ownFiles } = readOwnFiles(parsed.recipe, folder)
  return { recipe: parsed.recipe, file, folder, lockFile, trust, settingFiles, ownFiles }
}

export async function checkRecipe(file: string): Promise<ParsedRecipe> {
  const folder = dirname(resolve(file))
  return parseRecipe(await readText(file), file, (recipe) => [
    ...judgeRecipe(recipe),
    ...readTrusted(recipe, folder).findings,
    ...readSettingFiles(recipe, folder).findings,
    ...readOwnFiles(recipe, folder).findings,
  ])
}

async function readText(file: string): Promise<string> {
  try {
    // Without O_NONBLOCK the opening of a FIFO waits for a writer.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      return await readStart(handle)
    } finally {
      await handle.close()
    }
  } catch (cause) {
    throw new StageError('no-recipe', {
      attempted: `read the recipe ${file}`,
      found: errnoOf(cause) === 'ENOENT' ? 'there is no such file' : messageOf(cause),
      hint: 'name a YAML file; `ingot list` shows the recipes in this folder',
      cause,
    })
  }
}

/** The text of a regular file, or so much of it that its reader sees that it is too long. */
async function readStart(handle: FileHandle): Promise<string> {
  const info = await handle.stat()
  if (!info.isFile()) throw new Error(info.isDirectory() ? 'it is a folder' : 'it is no regular file')
  const bytes = Buffer.alloc(Math.min(info.size, limits.recipeBytes + 1))
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0)
  return bytes.subarray(0, bytesRead).toString('utf8')
}

function invalidRecipe(file: string, problems: readonly Problem[]): RecipeError {
  return new RecipeError('invalid-recipe', {
    attempted: `read the recipe ${file}`,
    found: `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}\n${problems.map(formatProblem).join('\n')}`,
    hint: '`ingot check` lists the problems of many recipes at once; docs/recipe.md describes every key',
  })
}
