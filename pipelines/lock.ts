import semver from 'semver'
import type { EngineDefinition, RuntimeSource } from '../images/engine.ts'
import { engineOf } from '../images/engines.ts'
import { runtimeSourceOf } from '../images/plan.ts'
import { weightLayerLimit } from '../images/plan-weights.ts'
import { modelcarSource } from '../images/weights/modelcar.ts'
import { optional } from '../lib/optional.ts'
import type { FactoryLock, Lock, LockedRuntime } from '../recipes/lock.ts'
import type { LockedWeights } from '../recipes/locked-weights.ts'
import type { Recipe } from '../recipes/recipe.ts'
import { resolveDebian } from './debian.ts'
import { StageError } from './error.ts'
import { resolveFactory } from './factory.ts'
import { mirrorOf } from './index-mirror.ts'
import { readModelFacts } from './model-facts.ts'
import { resolvePython } from './python.ts'
import type { LoadedRecipe } from './recipes.ts'
import { daggerSecrets } from './secrets.ts'
import type { Client } from './session.ts'
import { resolveUpstream } from './upstream.ts'
import { inventoryWeights } from './weights/inventory.ts'
import type { SourceContext } from './weights/source.ts'
import { splitLargeFiles } from './weights/split.ts'

/** Resolves a recipe against the world as it is now: base, packages and weights, all pinned. No weight byte moves. */
export async function resolveLock(
  client: Client,
  loaded: LoadedRecipe,
  environment: NodeJS.ProcessEnv,
): Promise<Lock> {
  const { recipe, folder } = loaded
  const engine = engineOf(recipe.engine.id)
  const source = runtimeSourceOf(recipe, engine)
  const context = { recipeFolder: folder, environment, resolveSecret: daggerSecrets(async () => client) }
  const factoryNow = resolveFactory(client, recipe.image.platform, new Date().toISOString())
  const [weights, resolved, factory, modelcar] = await Promise.all([
    lockWeights(recipe, context),
    resolveRuntime(client, source, engine, { recipe, environment, factory: factoryNow }),
    factoryNow,
    recipe.weights.modelcar
      ? resolveDebian(client, modelcarSource, recipe.image.platform, new Date().toISOString())
      : undefined,
  ])
  const facts = await readModelFacts(weights, context)
  requireRange(resolved.version, recipe.engine.version, engine, source)
  return {
    lockVersion: 1,
    recipe: recipe.name,
    engine: { id: engine.id, version: resolved.version },
    runtime: resolved.runtime,
    weights,
    ...optional('modelcar', modelcar),
    factory,
    ...facts,
  }
}

/** Ollama's store holds a model as one blob, so nothing is split for it; weights that stay outside of images have no layers. */
async function lockWeights(recipe: Recipe, context: SourceContext): Promise<LockedWeights> {
  const weights = await inventoryWeights(recipe.weights.source, context)
  const maxLayerBytes = weightLayerLimit(recipe)
  if (maxLayerBytes === undefined || recipe.engine.id === 'ollama') return weights
  return splitLargeFiles(weights, maxLayerBytes, context)
}

interface RuntimeQuestion {
  recipe: Recipe
  environment: NodeJS.ProcessEnv
  factory: Promise<FactoryLock>
}

interface ResolvedRuntime {
  runtime: LockedRuntime
  version: string
}

async function resolveRuntime(
  client: Client,
  source: RuntimeSource,
  engine: EngineDefinition,
  { recipe, environment, factory }: RuntimeQuestion,
): Promise<ResolvedRuntime> {
  const { platform } = recipe.image
  const range = recipe.engine.version
  const now = new Date().toISOString()
  switch (source.type) {
    case 'upstream': {
      const { runtime, said } = await resolveUpstream(client, source, platform)
      return { runtime, version: versionFrom(said, engine, source.base) }
    }
    case 'python': {
      const place = { platform, mirror: await mirrorOf(client, environment), factory: await factory }
      const runtime = await resolvePython(client, source, range, { ...place, now })
      const found = runtime.distributions.find(({ name }) => name === source.distribution)
      return { runtime, version: versionFrom(found?.version ?? '', engine, source.distribution) }
    }
    case 'debian': {
      const runtime = await resolveDebian(client, source, platform, now)
      const found = runtime.packages.find(({ name }) => name === source.versionOf)
      return { runtime, version: versionFrom(found?.version ?? '', engine, source.versionOf) }
    }
  }
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
