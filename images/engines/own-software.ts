import type { Deployment } from './engine.ts'

/**
 * Whether other people's code may be in the server: packages of the recipe bring plug-ins, and an official image of a
 * recipe's own may be a fork under the version of its origin. What lists of the release lack may be there then.
 */
export function hasOwnSoftware({ recipe, runtime }: Pick<Deployment, 'recipe' | 'runtime'>): boolean {
  const isFork = recipe.image.base !== undefined && runtime.kind === 'upstream'
  return isFork || recipe.image.packages.python.length > 0
}
