import { type Digest, digestOf } from '../lib/digest.ts'
import { canonicalJson, type Json } from '../lib/json.ts'
import type { Lock, LockedRuntime } from '../recipes/lock.ts'
import type { EngineId, Profile, Recipe } from '../recipes/recipe.ts'
import type { Delivery, WeightFile } from '../recipes/weights.ts'
import type { Deployment, EngineDefinition, Refusal, RuntimeSource } from './engine.ts'
import { engineOf } from './engines.ts'
import { PlanError } from './error.ts'
import type { RuntimeConfig } from './oci.ts'
import type { Behaviour } from './probe.ts'
import type { Requirements } from './requirements.ts'
import { type SettingsFile, settingsFiles, userId } from './settings.ts'
import { commonRules, type SlimPolicy } from './slimming.ts'
import { planWeightLayers, type WeightLayer } from './weight-layers.ts'

/**
 * Raised when the same plan would give other bytes: it is part of every plan and so of its digest.
 */
export const buildVersion = 1

export interface WeightsPlan {
  delivery: Delivery
  /** Folder of the model inside the container. */
  modelFolder: string
  setDigest: Digest
  sizeBytes: number
  files: WeightFile[]
  /** Empty unless the weights are baked. */
  layers: WeightLayer[]
}

/** Everything that decides what an image is and how it is tried, as one JSON value. No dates, no host names of ours. */
export interface ImagePlan {
  buildVersion: number
  name: string
  platform: string
  engine: { id: EngineId; version: string }
  model: string
  runtime: { source: RuntimeSource; locked: LockedRuntime }
  slimming: SlimPolicy | null
  /** Paths of the engine itself; other files are `system` (from the base) or `libraries` (added to it). */
  enginePaths: string[]
  settings: SettingsFile[]
  weights: WeightsPlan
  config: RuntimeConfig
  port: number
  sharedMemoryBytes: number
  /** What the machine that boots it must have; absent for images that compute on the CPU. */
  requires?: Requirements
  budgets: Recipe['image']['budgets']
  verify: { profiles: Profile[]; startTimeoutSeconds: number; prompts: string[]; behaviour: Behaviour }
  /** Bytes known before the build. Runtime files are slimmed afterwards, so packages are an upper bound. */
  estimate: { weightsBytes: number; packagesBytes: number }
}

/** Plans an image. The same recipe and lock give the same value; throws `refused` with every reason at once. */
export function planImage(recipe: Recipe, lock: Lock): ImagePlan {
  const engine = engineOf(recipe.engine.id)
  const deployment = deploymentOf(recipe, lock, engine)
  refuse(recipe, engine.refusals(deployment))
  const source = runtimeSourceOf(recipe, engine)
  const weights = planWeights(deployment, lock)
  return {
    buildVersion,
    name: recipe.name,
    platform: recipe.image.platform,
    engine: lock.engine,
    model: recipe.model.name,
    runtime: { source, locked: lock.runtime },
    slimming: recipe.image.slim
      ? { ...engine.slimming, rules: [...commonRules, ...engine.slimming.rules] }
      : {
          rules: commonRules.filter(
            (rule) => rule.id === 'build-machine' || rule.id === 'pseudo-file-systems',
          ),
        },
    enginePaths: [...engine.enginePaths],
    settings: settingsFiles(),
    weights,
    config: runtimeConfig(deployment, engine, lock),
    port: deployment.port,
    sharedMemoryBytes: recipe.serving.sharedMemory ?? 64 * 1024 ** 2,
    budgets: recipe.image.budgets,
    verify: { ...recipe.verify, behaviour: engine.behaviour(deployment) },
    estimate: { weightsBytes: weights.sizeBytes, packagesBytes: packagesBytes(lock.runtime) },
  }
}

/** Identity of a plan: sha256 of its canonical JSON. */
export function planDigestOf(plan: ImagePlan): Digest {
  // A plan holds JSON values only; interfaces without an index signature need the cast.
  return digestOf(canonicalJson(plan as unknown as Json))
}

/** The runtime a recipe chooses, with its base replaced where the recipe names another. */
export function runtimeSourceOf(recipe: Recipe, engine: EngineDefinition): RuntimeSource {
  const kind = recipe.engine.runtime ?? engine.defaultRuntime
  const source = engine.runtimes[kind]
  if (source) return recipe.image.base === undefined ? source : { ...source, base: recipe.image.base }
  throw new PlanError('refused', {
    attempted: `plan ${recipe.name}`,
    found: `${engine.title} has no runtime "${kind}"`,
    hint: `set engine.runtime to one of: ${Object.keys(engine.runtimes).join(', ')}`,
  })
}

function deploymentOf(recipe: Recipe, lock: Lock, engine: EngineDefinition): Deployment {
  return {
    recipe,
    version: lock.engine.version,
    modelFolder: `/models/${recipe.model.name.replaceAll(/[^A-Za-z0-9._-]/g, '-')}`,
    files: lock.weights.files,
    port: recipe.serving.port ?? engine.port,
  }
}

function refuse(recipe: Recipe, refusals: readonly Refusal[]): void {
  if (refusals.length === 0) return
  throw new PlanError('refused', {
    attempted: `plan ${recipe.name}`,
    found: refusals.map((refusal) => `${refusal.path}: ${refusal.found}`).join('; '),
    hint: refusals.map((refusal) => refusal.hint).join('; '),
  })
}

function planWeights(deployment: Deployment, lock: Lock): WeightsPlan {
  const files = lock.weights.files.map(({ path, sizeBytes, sha256 }) => ({ path, sizeBytes, sha256 }))
  const baked = deployment.recipe.weights.delivery === 'baked'
  return {
    delivery: deployment.recipe.weights.delivery,
    modelFolder: deployment.modelFolder,
    // The lock's schema has checked that this is a digest.
    setDigest: lock.weights.setDigest as Digest,
    sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
    files,
    layers: baked ? planWeightLayers(lock.weights.files, { modelFolder: deployment.modelFolder }) : [],
  }
}

function runtimeConfig(deployment: Deployment, engine: EngineDefinition, lock: Lock): RuntimeConfig {
  const [program = '', ...parameters] = engine.command(deployment)
  return {
    User: userId,
    ExposedPorts: { [`${deployment.port}/tcp`]: {} },
    Env: environmentOf(deployment, engine),
    Entrypoint: [program, ...parameters],
    WorkingDir: '/tmp',
    Labels: labelsOf(deployment, engine, lock),
    StopSignal: engine.behaviour(deployment).stop.signal,
  }
}

function environmentOf(deployment: Deployment, engine: EngineDefinition): string[] {
  const variables = {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: '/tmp',
    USER: 'ingot',
    LOGNAME: 'ingot',
    LANG: 'C.UTF-8',
    DO_NOT_TRACK: '1',
    HF_HUB_OFFLINE: '1',
    HF_HUB_DISABLE_TELEMETRY: '1',
    TRANSFORMERS_OFFLINE: '1',
    ...engine.environment(deployment),
    ...deployment.recipe.serving.environment,
  }
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
}

function labelsOf({ recipe }: Deployment, engine: EngineDefinition, lock: Lock): Record<string, string> {
  return {
    'org.opencontainers.image.title': recipe.name,
    'org.opencontainers.image.description': `${recipe.model.name} served by ${engine.title} ${lock.engine.version}`,
    'org.opencontainers.image.version': lock.engine.version,
    'org.opencontainers.image.base.name': lock.runtime.base.reference,
    'org.opencontainers.image.base.digest': lock.runtime.base.digest,
    ...(recipe.model.license === undefined
      ? {}
      : { 'org.opencontainers.image.licenses': recipe.model.license }),
    'dev.ingot.engine': `${lock.engine.id}@${lock.engine.version}`,
    'dev.ingot.weights': lock.weights.setDigest,
    'dev.ingot.weights.delivery': recipe.weights.delivery,
    ...recipe.image.labels,
  }
}

function packagesBytes(runtime: LockedRuntime): number {
  return runtime.type === 'debian' ? runtime.packages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) : 0
}
