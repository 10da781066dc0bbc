import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { messageOf } from '../../lib/error.ts'
import type { Finding } from '../../recipes/parse.ts'
import type { Recipe } from '../../recipes/recipe.ts'

/** A doubt where the weights' folder is not here: a lock and a built image do without it, so it is no problem of the recipe. */
export function weightsPlaceFindings({ weights: { source } }: Recipe, folder: string): Finding[] {
  if (source.type !== 'folder') return []
  const place = resolve(folder, source.path)
  const found = lookAt(place)
  if (found === 'a folder') return []
  return [
    {
      kind: 'doubt',
      path: ['weights', 'source', 'path'],
      part: 'value',
      message: found,
      hint: 'name the folder that holds the files of the model, relative to the recipe; `include` picks files in it',
    },
  ]
}

function lookAt(place: string): string {
  try {
    const found = statSync(place, { throwIfNoEntry: false })
    if (found?.isDirectory()) return 'a folder'
    return found === undefined ? `there is no folder ${place}` : `${place} is no folder`
  } catch (error) {
    return `${place} cannot be looked at: ${messageOf(error)}`
  }
}
