import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { nearestName } from '../../lib/suggest.ts'

/** Where people keep recipes, beside the folder that they named. */
const usualFolders = ['.', 'recipes']

/**
 * The recipe that a person most likely meant by a path that is not there: one of that name with an ending, in that folder or a
 * usual one; else one there whose name is nearly that. Never throws.
 */
export async function nearRecipe(wrong: string): Promise<string | undefined> {
  const own = dirname(wrong)
  const folders = [own, ...usualFolders.filter((folder) => folder !== own)]
  const found = (await Promise.all(folders.map(yamlIn))).flat()
  const stem = stemOf(wrong)
  const same = found.find((file) => stemOf(file) === stem)
  if (same !== undefined) return same
  const near = nearestName(stem, [...new Set(found.map(stemOf))])
  return found.find((file) => stemOf(file) === near)
}

async function yamlIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  return names
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => join(folder, name))
}

function stemOf(file: string): string {
  return basename(file).replace(/\.ya?ml$/, '')
}
