import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { errnoOf, messageOf } from '../lib/error.ts'
import { RecipeError } from '../recipes/error.ts'
import { formatProblem, type ParsedRecipe, type Problem, parseRecipe } from '../recipes/parse.ts'
import type { Recipe } from '../recipes/recipe.ts'
import { StageError } from './error.ts'
import { lockFileOf } from './lock/file.ts'

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
  return { recipe: parsed.recipe, file, folder, lockFile: lockFileOf(file, environment) }
}

export async function checkRecipe(file: string): Promise<ParsedRecipe> {
  return parseRecipe(await readText(file), file)
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
