import { type EngineId, engineIds } from '../recipes/recipe.ts'
import type { EngineDefinition } from './engine.ts'
import { PlanError } from './error.ts'
import { llamaCpp } from './llama-cpp.ts'

const definitions: Partial<Record<EngineId, EngineDefinition>> = { 'llama-cpp': llamaCpp }

/** The definition of an engine; throws `unknown-engine` for one that has none yet. */
export function engineOf(id: EngineId): EngineDefinition {
  const definition = definitions[id]
  if (definition) return definition
  throw new PlanError('unknown-engine', {
    attempted: `plan an image for ${id}`,
    found: 'this version of ingot has no definition for it',
    hint: `engines here: ${definedEngines().join(', ')}`,
  })
}

export function definedEngines(): EngineId[] {
  return engineIds.filter((id) => id in definitions)
}
