import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { StageError } from '../error.ts'

/** YAML files of a folder that are recipes by their names, sorted; those that begin with `_` or `.` are parts of others. */
export async function recipeFilesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder)
  return names
    .filter((name) => /^[^_.].*\.ya?ml$/.test(name))
    .sort()
    .map((name) => join(folder, name))
}

/** The recipes that a command line names, each once: a folder stands for those in it. Throws `no-recipe` for one without any. */
export async function namedRecipes(named: readonly string[]): Promise<string[]> {
  const files = await Promise.all(named.map(recipesAt))
  return [...new Set(files.flat())]
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
