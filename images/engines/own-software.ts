import type { Deployment } from './engine.ts'

/**
 * Whether other people's code may be in the server: a package of the recipe that has the engine in its name is a plug-in, and an official image of a
 * recipe's own may be a fork under the version of its origin. What lists of the release lack may be there then.
 */
export function hasOwnSoftware({ recipe, runtime }: Pick<Deployment, 'recipe' | 'runtime'>): boolean {
  const isFork = recipe.image.base !== undefined && runtime.kind === 'upstream'
  const isPlugIn = (asked: string) => /plugin/i.test(asked) || asked.toLowerCase().includes(recipe.engine.id)
  return isFork || recipe.image.packages.python.some(isPlugIn)
}
