import type { Recipe } from '../../recipes/recipe.ts'
import type { Deployment, EngineDefinition } from './engine.ts'
import { type AskedMemory, askedMemory } from './memory-flags.ts'

/** What a recipe's own arguments and variables say of memory. */
export function askedOf({
  recipe,
  engine,
}: {
  recipe: Recipe
  engine: Pick<EngineDefinition, 'memoryFlags' | 'reserved'>
}): AskedMemory {
  return askedMemory(engine.memoryFlags, engine.reserved.style, recipe.serving)
}

/** Processes of one server that compute, each on a GPU of its own: tensor ranks x pipeline stages x copies. */
export function ranksOf(deployment: Pick<Deployment, 'recipe' | 'engine'>): number {
  const { pp = 1, dp = 1 } = askedOf(deployment).request
  return deployment.recipe.serving.tensorParallel * pp * dp
}
