import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isOtherYaml } from '../../recipes/other-yaml.ts'
import { variantNames } from '../../recipes/written-recipe.ts'
import { StageError } from '../error.ts'
import { readRecipeName, readRecipeText, readRecipeTexts } from './recipe-texts.ts'

/** Recipes of a folder, sorted, and the YAML files in it that are something else. */
export interface FolderRecipes {
  recipes: string[]
  others: string[]
}

/** By name and by keys; a YAML file that begins with `_` or `.` is a part of others, and is in neither list. */
export async function recipesIn(folder: string): Promise<FolderRecipes> {
  const names = await readdir(folder)
  const files = names
    .filter((name) => /^[^_.].*\.ya?ml$/.test(name))
    .sort()
    .map((name) => join(folder, name))
  const isOther = await Promise.all(files.map(isOtherFile))
  return {
    recipes: files.filter((_, index) => !isOther[index]),
    others: files.filter((_, index) => isOther[index]),
  }
}

/** What cannot be read is taken for a recipe, so that reading it says why. */
async function isOtherFile(file: string): Promise<boolean> {
  return readRecipeText(file).then(isOtherYaml, () => false)
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

/** YAML files that `namedRecipes` passes over, as they lie in a named folder and are no recipes. */
export async function passedOver(named: readonly string[]): Promise<string[]> {
  const folders = await Promise.all(named.map((place) => recipesIn(place).catch(() => ({ others: [] }))))
  return [...new Set(folders.flatMap(({ others }) => others))]
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
  const { recipes, others } = await recipesIn(place)
  if (recipes.length > 0) return recipes
  throw new StageError('no-recipe', {
    attempted: `find recipes in the folder ${place}`,
    found:
      others.length === 0
        ? 'it has no YAML file whose name begins with neither _ nor .'
        : `${others.join(', ')} ${others.length === 1 ? 'is' : 'are'} no recipe: no key of one stands there`,
    hint: 'name a folder with recipes, or a recipe; `ingot init MODEL` writes one',
  })
}
