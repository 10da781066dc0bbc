import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { variantNames } from '../../recipes/written-recipe.ts'
import { StageError } from '../error.ts'
import { readRecipeName, readRecipeTexts } from './recipe-texts.ts'

/** YAML files of a folder that are recipes by their names, sorted; those that begin with `_` or `.` are parts of others. */
export async function recipeFilesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder)
  return names
    .filter((name) => /^[^_.].*\.ya?ml$/.test(name))
    .sort()
    .map((name) => join(folder, name))
}

/**
 * The recipes that a command line names, each once: a folder stands for those in it, a file with a matrix for each of its
 * combinations as FILE#NAME. Throws `no-recipe` for a folder without any, and for a file that cannot be read.
 */
export async function namedRecipes(named: readonly string[]): Promise<string[]> {
  const files = (await Promise.all(named.map(recipesAt))).flat()
  const names = await Promise.all(files.map(recipesOf))
  return [...new Set(names.flat())]
}

/** The recipes of one file; the file itself where it has no matrix, or where its own check has to say what is wrong. */
export async function recipesOf(name: string): Promise<string[]> {
  const { file, variant } = readRecipeName(name)
  if (variant !== undefined) return [name]
  const names = variantNames(await readRecipeTexts(file))
  return names.length === 0 ? [name] : names.map((one) => `${file}#${one}`)
}

async function recipesAt(place: string): Promise<string[]> {
  const isFolder = await stat(place).then(
    (found) => found.isDirectory(),
    () => false,
  )
  if (!isFolder) return [place]
  const files = await recipeFilesIn(place)
  if (files.length > 0) return files
  throw new StageError('no-recipe', {
    attempted: `find recipes in the folder ${place}`,
    found: 'it has no YAML file whose name begins with neither _ nor .',
    hint: 'name a folder with recipes, or a recipe; `ingot init MODEL` writes one',
  })
}
