import { compositionKeys } from './matrix.ts'
import { recipeSchema } from './recipe.ts'
import { readYaml } from './yaml-text.ts'

/** Keys that only a recipe, or a part of one, has at its top. */
const marks = ['model', 'engine', 'weights', 'serving', 'target', 'extends', 'matrix']

const known = [...Object.keys(recipeSchema.shape), ...compositionKeys]

/**
 * Whether a YAML text is something else than a recipe: a map that has keys of another format and none of a recipe's own, such
 * as an action, a workflow or a Compose file. What cannot be read is taken for a recipe, whose check then says why.
 */
export function isOtherYaml(text: string): boolean {
  const read = readYaml(text)
  if (!read.ok || read.value === null || typeof read.value !== 'object' || Array.isArray(read.value))
    return false
  const keys = Object.keys(read.value)
  return keys.some((key) => !known.includes(key)) && !keys.some((key) => marks.includes(key))
}
