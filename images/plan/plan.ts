import { type Digest, digestOf } from '../../lib/digest.ts'
import { canonicalJson, type Json } from '../../lib/json.ts'
import { optional } from '../../lib/optional.ts'
import type { EngineId } from '../../recipes/engine-ids.ts'
import {
  type DebianLock,
  helperLock,
  type Lock,
  type LockedRuntime,
  type PythonPackage,
} from '../../recipes/lock.ts'
import type { Profile, Recipe } from '../../recipes/recipe.ts'
import type { WeightFile } from '../../recipes/weights.ts'
import type { Behaviour } from '../boot/probe.ts'
import { deploymentOf, runtimeOf } from '../engines/deployment.ts'
import type { Deployment, EngineDefinition, Refusal, RuntimeSource } from '../engines/engine.ts'
import { engineOf } from '../engines/engines.ts'
import { imageVariables } from '../engines/reserved-variables.ts'
import { sharedMemoryOf, sharedMemoryRefusals } from '../engines/shared-memory.ts'
import { PlanError } from '../error.ts'
import type { PredictedMemory } from '../memory/predicted.ts'
import type { MemoryPlan } from '../memory/result.ts'
import { labelNames } from '../oci/label-names.ts'
import type { RuntimeConfig } from '../oci/oci.ts'
import type { SlimPolicy } from '../slim-rules/slimming.ts'
import { type SettingsFile, settingsFiles, userId } from '../tree/settings.ts'
import { guardedEntrypoint, guardPrograms, mountGuardFiles, mountLabels } from '../weights/mount-guard.ts'
import { licenceRefusals } from './licence.ts'
import { deploymentMemory, memoryLabels, predictedMemory, refuseMisfit } from './memory.ts'
import { type Requirements, requirementsOf } from './requirements.ts'
import { type ScanPolicy, scanPolicyOf } from './scan-policy.ts'
import { planSlimming } from './slimming.ts'
import {
  type TrustedCertificate,
  trustDoubts,
  trustedOf,
  trustFiles,
  trustRefusals,
  trustVariables,
} from './trust.ts'
import { lockFor, mountedFiles, planWeights, type WeightsPlan } from './weights.ts'

/**
 * Raised when the same plan would give other bytes: it is part of every plan and so of its digest.
 */
export const buildVersion = 2

/** Everything that decides what an image is and how it is tried, as one JSON value. No dates, no host names of ours. */
export interface ImagePlan {
  buildVersion: number
  name: string
  platform: string
  engine: { id: EngineId; version: string }
  model: string
  runtime: { source: RuntimeSource; locked: LockedRuntime }
  /** What writes the layers; absent where the lock does not pin it. Other helpers decide no byte and are no part of a plan. */
  packer?: DebianLock
  slimming: SlimPolicy
  /** Paths of the engine itself; other files are `system` (from the base) or `libraries` (added to it). */
  enginePaths: string[]
  settings: SettingsFile[]
  weights: WeightsPlan
  config: RuntimeConfig
  port: number
  sharedMemoryBytes: number
  /** What the machine that boots it must have; absent for images that compute on the CPU. */
  requires?: Requirements
  /** What the memory planner says of the target GPU; null without a GPU or without facts of the model. */
  memory: MemoryPlan | null
  /** Certificates of the recipe's files; absent where it names none. */
  trust?: TrustedCertificate[]
  /** What the engine's definition is not sure of; absent where it is. */
  doubts?: string[]
  /** Parts of memory that the report puts beside what the boot measures. */
  predictedMemory: PredictedMemory | null
  budgets: Recipe['image']['budgets']
  policy: ScanPolicy
  verify: { profiles: Profile[]; startTimeoutSeconds: number; prompts: string[]; behaviour: Behaviour }
  /** Bytes known before the build. Runtime files are slimmed afterwards, so packages are an upper bound. */
  estimate: { weightsBytes: number; packagesBytes: number }
}

/** Plans an image. The same recipe and lock give the same value; throws `refused` with every reason at once. */
export function planImage(recipe: Recipe, locked: Lock): ImagePlan {
  const lock = lockFor(recipe, locked)
  const engine = engineOf(recipe.engine.id)
  const deployment = deploymentOf(recipe, lock, engine)
  refuse(deployment, licenceRefusals(recipe, lock.weights))
  const memory = deploymentMemory(deployment)
  refuseMisfit(recipe, memory)
  const weights = planWeights(deployment, lock)
  const baked = weights.delivery === 'baked'
  const expected = baked ? [] : mountedFiles(deployment, weights.layers)
  const config = runtimeConfig(deployment, engine, lock, memory)
  return {
    buildVersion,
    name: recipe.name,
    platform: recipe.image.platform,
    engine: lock.engine,
    model: recipe.model.name,
    runtime: { source: deployment.runtime.source, locked: lock.runtime },
    ...optional('packer', helperLock(lock.factory, 'packer')),
    slimming: planSlimming(deployment, lock.runtime, programsBefore(deployment, baked)),
    enginePaths: [...engine.enginePaths],
    settings: [
      ...settingsFiles(),
      ...trustFiles(lock),
      ...(baked ? [] : mountGuardFiles(expected, weights.modelFolder)),
    ],
    weights,
    config: underInit(deployment.init, baked ? config : guarded(config, expected, weights.modelFolder)),
    port: deployment.port,
    sharedMemoryBytes: sharedMemoryOf(deployment),
    ...requirementsOf(deployment, memory),
    memory,
    ...remarksOf(deployment, lock),
    predictedMemory: predictedMemory(deployment, memory),
    budgets: recipe.image.budgets,
    policy: scanPolicyOf(recipe, engine),
    verify: { ...recipe.verify, behaviour: engine.behaviour(deployment) },
    estimate: { weightsBytes: weights.sizeBytes, packagesBytes: packagesBytes(lock.runtime) },
  }
}

/** The init and the guard's own programs are roots like the server, which they start. */
function programsBefore({ init }: Deployment, baked: boolean): string[] {
  return [...init.filter((part) => part.startsWith('/')), ...(baked ? [] : guardPrograms)]
}

/** What a person should see of a plan before it is built. */
function remarksOf(deployment: Deployment, lock: Lock): Pick<ImagePlan, 'trust' | 'doubts'> {
  const doubts = [...(deployment.engine.doubts?.(deployment) ?? []), ...trustDoubts(deployment)]
  return { ...trustedOf(lock), ...(doubts.length === 0 ? {} : { doubts }) }
}

/** Identity of a plan: sha256 of its canonical JSON. */
export function planDigestOf(plan: ImagePlan): Digest {
  // A plan holds JSON values only; interfaces without an index signature need the cast.
  return digestOf(canonicalJson(plan as unknown as Json))
}

/** The runtime a recipe chooses, with its base replaced where the recipe names another. */
export function runtimeSourceOf(recipe: Recipe, engine: EngineDefinition): RuntimeSource {
  return runtimeOf(recipe, engine).source
}

function ownRefusals(deployment: Deployment): Refusal[] {
  return [...sharedMemoryRefusals(deployment), ...trustRefusals(deployment)]
}

/** Everything that speaks against it at once. */
function refuse(deployment: Deployment, licence: readonly Refusal[]): void {
  const { recipe, engine } = deployment
  const refusals = [...licence, ...engine.refusals(deployment), ...ownRefusals(deployment)]
  if (refusals.length === 0) return
  throw new PlanError('refused', {
    attempted: `plan ${recipe.name}`,
    found: refusals.map((refusal) => `${refusal.path}: ${refusal.found}`).join('; '),
    hint: refusals.map((refusal) => refusal.hint).join('; '),
  })
}

function runtimeConfig(
  deployment: Deployment,
  engine: EngineDefinition,
  lock: Lock,
  memory: MemoryPlan | null,
): RuntimeConfig {
  const [program = '', ...parameters] = engine.command(deployment)
  return {
    User: userId,
    ExposedPorts: { [`${deployment.port}/tcp`]: {} },
    Env: environmentOf(deployment, engine, lock),
    Entrypoint: [program, ...parameters],
    WorkingDir: '/tmp',
    Labels: labelsOf(deployment, engine, lock, memory),
    StopSignal: engine.behaviour(deployment).stop.signal,
  }
}

/** An image without weights checks its mount before it becomes the server, and says in labels what it waits for. */
function guarded(config: RuntimeConfig, expected: readonly WeightFile[], modelFolder: string): RuntimeConfig {
  return {
    ...config,
    Entrypoint: guardedEntrypoint(config.Entrypoint ?? []),
    Labels: { ...config.Labels, ...mountLabels(expected, modelFolder) },
    Volumes: { [modelFolder]: {} },
  }
}

/** The init comes before the guard, which may read every byte of the weights and must hear a signal meanwhile. */
function underInit(init: readonly string[], config: RuntimeConfig): RuntimeConfig {
  return { ...config, Entrypoint: [...init, ...(config.Entrypoint ?? [])] }
}

function environmentOf(deployment: Deployment, engine: EngineDefinition, lock: Lock): string[] {
  const { runtime } = lock
  const variables = {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'C.UTF-8',
    ...(runtime.type === 'upstream' ? runtime.environment : {}),
    ...imageVariables,
    ...engine.environment(deployment),
    ...trustVariables(lock),
    ...deployment.recipe.serving.environment,
  }
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
}

function labelsOf(
  { recipe }: Deployment,
  engine: EngineDefinition,
  lock: Lock,
  memory: MemoryPlan | null,
): Record<string, string> {
  return {
    'org.opencontainers.image.title': recipe.name,
    'org.opencontainers.image.description': `${recipe.model.name} served by ${engine.title} ${lock.engine.version}`,
    'org.opencontainers.image.version': lock.engine.version,
    'org.opencontainers.image.base.name': lock.runtime.base.reference,
    'org.opencontainers.image.base.digest': lock.runtime.base.digest,
    ...(recipe.model.license === undefined
      ? {}
      : { 'org.opencontainers.image.licenses': recipe.model.license }),
    [labelNames.engine]: `${lock.engine.id}@${lock.engine.version}`,
    [labelNames.weights]: lock.weights.setDigest,
    [labelNames.delivery]: recipe.weights.delivery,
    ...memoryLabels(memory),
    ...recipe.image.labels,
  }
}

function packagesBytes(runtime: LockedRuntime): number {
  if (runtime.type === 'upstream') return 0
  const wheels = runtime.type === 'python' ? runtime.distributions.map(largestWheel) : []
  return [...runtime.packages, ...wheels].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}

function largestWheel({ wheels }: PythonPackage): { sizeBytes: number } {
  return { sizeBytes: Math.max(...wheels.map((wheel) => wheel.sizeBytes)) }
}
