import { readFile, rename, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { errnoOf, messageOf } from '../lib/error.ts'
import { RecipeError } from '../recipes/error.ts'
import { formatLock, type Lock, parseLock } from '../recipes/lock.ts'
import { formatProblem, type ParsedRecipe, type Problem, parseRecipe } from '../recipes/parse.ts'
import type { Recipe } from '../recipes/recipe.ts'
import { StageError } from './error.ts'
import { makeFolder } from './make-folder.ts'

/** A recipe with the files it lives in. */
export interface LoadedRecipe {
  recipe: Recipe
  file: string
  folder: string
  lockFile: string
}

/** Reads and checks a recipe; throws `no-recipe` for an unreadable file and `invalid-recipe` with every problem. */
export async function loadRecipe(file: string, environment: NodeJS.ProcessEnv): Promise<LoadedRecipe> {
  const parsed = await checkRecipe(file)
  if (!parsed.ok) throw invalidRecipe(file, parsed.problems)
  const folder = dirname(resolve(file))
  return { recipe: parsed.recipe, file, folder, lockFile: lockFileOf(file, folder, environment) }
}

export async function checkRecipe(file: string): Promise<ParsedRecipe> {
  return parseRecipe(await readText(file), file)
}

/** The lock beside the recipe, or undefined when none was written yet. */
export async function loadLock(lockFile: string): Promise<Lock | undefined> {
  const text = await readFile(lockFile, 'utf8').catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  })
  return text === undefined ? undefined : parseLock(text, lockFile)
}

export async function saveLock(lockFile: string, lock: Lock): Promise<void> {
  await makeFolder(dirname(lockFile))
  const part = `${lockFile}.${process.pid}.part`
  await writeFile(part, formatLock(lock))
  await rename(part, lockFile)
}

/** Locks lie beside their recipes; INGOT_LOCKS names another folder, for bases that only this machine has. */
export function lockFileOf(file: string, folder: string, environment: NodeJS.ProcessEnv): string {
  const name = basename(file).replace(/\.ya?ml$/, '')
  return join(environment['INGOT_LOCKS'] ?? folder, `${name}.lock.json`)
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new StageError('no-recipe', {
      attempted: `read the recipe ${file}`,
      found: errnoOf(cause) === 'ENOENT' ? 'there is no such file' : messageOf(cause),
      hint: 'name a YAML file; `ingot list` shows the recipes in this folder',
      cause,
    })
  }
}

function invalidRecipe(file: string, problems: readonly Problem[]): RecipeError {
  return new RecipeError('invalid-recipe', {
    attempted: `read the recipe ${file}`,
    found: `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}\n${problems.map(formatProblem).join('\n')}`,
    hint: '`ingot check` lists the problems of many recipes at once; docs/recipe.md describes every key',
  })
}
