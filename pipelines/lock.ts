import type { Client } from '@dagger.io/dagger'
import semver from 'semver'
import type { EngineDefinition, RuntimeSource } from '../images/engine.ts'
import { engineOf } from '../images/engines.ts'
import { runtimeSourceOf } from '../images/plan.ts'
import type { Lock, LockedRuntime } from '../recipes/lock.ts'
import { imageFrom, pinImage, pinnedReference, resolveDebian } from './debian.ts'
import { StageError } from './error.ts'
import type { LoadedRecipe } from './recipes.ts'
import { inventoryWeights } from './weights/inventory.ts'

/** Resolves a recipe against the world as it is now: base, packages and weights, all pinned. No weight byte moves. */
export async function resolveLock(
  client: Client,
  loaded: LoadedRecipe,
  environment: NodeJS.ProcessEnv,
): Promise<Lock> {
  const { recipe, folder } = loaded
  const engine = engineOf(recipe.engine.id)
  const source = runtimeSourceOf(recipe, engine)
  const [weights, resolved] = await Promise.all([
    inventoryWeights(recipe.weights.source, { recipeFolder: folder, environment }),
    resolveRuntime(client, source, engine, recipe.image.platform),
  ])
  requireRange(resolved.version, recipe.engine.version, engine, source)
  return {
    lockVersion: 1,
    recipe: recipe.name,
    engine: { id: engine.id, version: resolved.version },
    runtime: resolved.runtime,
    weights,
  }
}

interface ResolvedRuntime {
  runtime: LockedRuntime
  version: string
}

async function resolveRuntime(
  client: Client,
  source: RuntimeSource,
  engine: EngineDefinition,
  platform: string,
): Promise<ResolvedRuntime> {
  if (source.type === 'upstream') {
    const base = await pinImage(client, source.base, platform)
    const said = await imageFrom(client, pinnedReference(base), platform)
      .withExec(['sh', '-c', `${source.versionCommand.map((part) => `'${part}'`).join(' ')} 2>&1`])
      .stdout()
    return { runtime: { type: 'upstream', base }, version: versionFrom(said, engine, source.base) }
  }
  const runtime = await resolveDebian(client, source, platform, new Date().toISOString())
  const text = runtime.packages.find((item) => item.name === source.versionOf)?.version ?? ''
  return { runtime, version: versionFrom(text, engine, source.versionOf) }
}

function versionFrom(text: string, engine: EngineDefinition, where: string): string {
  const version = engine.versionOf(text)
  if (version !== null) return version
  throw new StageError('engine-failed', {
    attempted: `read the version of ${engine.title} from ${where}`,
    found: text.trim() === '' ? 'nothing' : text.trim().slice(0, 200),
    hint: 'check that the base image or archive has this package; `image.base` of the recipe names another base',
  })
}

function requireRange(version: string, range: string, engine: EngineDefinition, source: RuntimeSource): void {
  if (semver.satisfies(version, range, { includePrerelease: true })) return
  throw new StageError('drifted', {
    attempted: `lock ${engine.title} ${range}`,
    found: `${source.base} offers ${version}`,
    hint: 'widen engine.version in the recipe, or name a base that has the version you want in image.base',
  })
}
