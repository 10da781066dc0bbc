import type { LockRequest, RuntimeRequest } from '../../recipes/lock-origin.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import { runtimeOf } from '../engines/deployment.ts'
import type { EngineRuntime, RuntimeSource } from '../engines/engine.ts'
import { engineOf } from '../engines/engines.ts'
import { modelcarSource } from './modelcar.ts'
import { weightLayerLimit } from './weights.ts'

/** What a recipe asks a lock for. Throws `refused` when no runtime of its engine suits it, or its registry is unknown. */
export function lockRequestOf(recipe: Recipe): LockRequest {
  const { delivery } = recipe.weights
  const engine = engineOf(recipe.engine.id)
  const runtime = runtimeOf(recipe, engine)
  return {
    runtime: runtimeRequest(runtime.source),
    hasReleases: hasReleases(recipe, runtime),
    // Nothing is split for a store, where files are whole.
    maxLayerBytes: engine.weights.type === 'store' ? undefined : weightLayerLimit(recipe),
    usesParts: delivery === 'baked' || delivery === 'artifact',
    modelcar: recipe.weights.modelcar ? runtimeRequest(modelcarSource) : undefined,
  }
}

/** An official image whose tag stands for a version; a base that a person names is meant as it is. */
function hasReleases({ image }: Recipe, { source, version }: EngineRuntime): boolean {
  return source.type === 'upstream' && version !== undefined && image.base === undefined
}

/** The part of a source that decides what is pinned; where things are installed is the plan's. */
function runtimeRequest(source: RuntimeSource): RuntimeRequest {
  const { base } = source
  switch (source.type) {
    case 'debian':
      return {
        type: 'debian',
        base,
        packages: [...source.packages, ...(source.own ?? [])],
        ...requirementsOf(source.environment?.requirements),
      }
    case 'upstream':
      return { type: 'upstream', base, versionCommand: [...source.versionCommand] }
    case 'python':
      return {
        type: 'python',
        base,
        packages: [...source.packages, ...(source.own ?? [])],
        ...requirementsOf(source.requirements),
        distribution: source.distribution,
        overrides: [...source.overrides],
      }
  }
}

function requirementsOf(requirements: readonly string[] | undefined): Pick<RuntimeRequest, 'requirements'> {
  return requirements === undefined ? {} : { requirements: [...requirements] }
}
