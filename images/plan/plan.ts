import { type Digest, digestOf } from '../../lib/digest.ts'
import { canonicalJson, type Json } from '../../lib/json.ts'
import { optional } from '../../lib/optional.ts'
import type { EngineId } from '../../recipes/engine-ids.ts'
import {
  type DebianLock,
  distributionsOf,
  helperLock,
  type Lock,
  type LockedRuntime,
  type PythonPackage,
} from '../../recipes/lock.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import type { ModelTask } from '../../recipes/tasks.ts'
import type { Profile } from '../../recipes/verification.ts'
import type { AccessRules } from '../boot/access.ts'
import type { Behaviour } from '../boot/probe.ts'
import { besideDoubts } from '../engines/beside-doubts.ts'
import { deploymentOf, runtimeOf } from '../engines/deployment.ts'
import type { Deployment, EngineDefinition, RuntimeSource } from '../engines/engine.ts'
import { engineOf } from '../engines/engines.ts'
import { modelSettingFiles } from '../engines/model-settings.ts'
import { placeDoubts } from '../engines/named-places.ts'
import { codeDoubts } from '../engines/refusals.ts'
import { servingDoubts } from '../engines/serving-doubts.ts'
import { settingDoubts } from '../engines/setting-refusals.ts'
import { sharedMemoryOf } from '../engines/shared-memory.ts'
import type { PredictedMemory } from '../memory/predicted.ts'
import type { MemoryPlan } from '../memory/result.ts'
import type { RuntimeConfig } from '../oci/oci.ts'
import type { SlimPolicy } from '../slim-rules/slimming.ts'
import { type SettingsFile, settingsFiles } from '../tree/settings.ts'
import { keyGuardPrograms } from '../weights/key-guard.ts'
import { guardPrograms, mountGuardFiles } from '../weights/mount-guard.ts'
import { accessRulesOf, guardFiles, withKeyGuard } from './api-key.ts'
import { type CompileCachePlan, compileCacheFiles, compileCachePlan } from './compile-cache.ts'
import { guarded, runtimeConfig, underInit } from './config.ts'
import { machineDoubts, machinesOf, type WorkersPlan } from './machines.ts'
import { deploymentMemory, predictedMemory, refuseMisfit } from './memory.ts'
import { behaviourOf, engineFiles, ownPrograms } from './own-command.ts'
import { type OwnLayer, ownLayerOf } from './own-layer.ts'
import { fallbackDoubts } from './quantization.ts'
import { refuseUnserved } from './refuse.ts'
import { type Requirements, requirementsOf } from './requirements.ts'
import { type ScanPolicy, scanPolicyOf } from './scan-policy.ts'
import { planSlimming } from './slimming.ts'
import { type TrustedCertificate, trustDoubts, trustedOf, trustFiles } from './trust.ts'
import { lockFor, mountedFiles, planWeights, type WeightsPlan } from './weights.ts'

/**
 * Raised when the same plan would give other bytes: it is part of every plan and so of its digest.
 */
export const buildVersion = 3

/** Everything that decides what an image is and how it is tried, as one JSON value. No dates, no host names of ours. */
export interface ImagePlan {
  buildVersion: number
  name: string
  platform: string
  engine: { id: EngineId; version: string }
  model: string
  /** What the model is served for; absent for chat. */
  tasks?: readonly ModelTask[]
  runtime: { source: RuntimeSource; locked: LockedRuntime }
  /** What writes the layers; absent where the lock does not pin it. Other helpers decide no byte and are no part of a plan. */
  packer?: DebianLock
  /** How layers are packed; absent for zstd. */
  compression?: 'gzip'
  slimming: SlimPolicy
  /** Paths of the engine itself; other files are `system` (from the base) or `libraries` (added to it). */
  enginePaths: string[]
  settings: SettingsFile[]
  /** What is taken of a boot into a layer of its own; absent where the recipe does not ask for it. */
  compileCache?: CompileCachePlan
  /** Files of the recipe, in a layer of their own; absent where it names none. */
  ownLayer?: OwnLayer
  weights: WeightsPlan
  config: RuntimeConfig
  port: number
  sharedMemoryBytes: number
  /** What the machine that boots it must have; absent for images that compute on the CPU. */
  requires?: Requirements
  /** How it is started on several machines; absent for one. */
  machines?: WorkersPlan
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
  verify: {
    profiles: Profile[]
    startTimeoutSeconds: number
    prompts: string[]
    behaviour: Behaviour
    /** How the server gets its key; absent where it wants none. */
    apiKey?: AccessRules
  }
  /** Bytes known before the build. Runtime files are slimmed afterwards, so packages are an upper bound. */
  estimate: { weightsBytes: number; packagesBytes: number }
}

/** Plans an image. The same recipe and lock give the same value; throws `refused` with every reason at once. */
export function planImage(recipe: Recipe, locked: Lock): ImagePlan {
  const lock = lockFor(recipe, locked)
  const engine = engineOf(recipe.engine.id)
  const deployment = deploymentOf(recipe, lock, engine)
  refuseUnserved(deployment, lock)
  const memory = deploymentMemory(deployment)
  refuseMisfit(recipe, memory)
  const weights = planWeights(deployment, lock)
  const baked = weights.delivery === 'baked'
  const expected = baked ? [] : mountedFiles(deployment, weights.layers)
  const mounted = baked ? [] : mountGuardFiles(expected, weights.modelFolder)
  const config = runtimeConfig(deployment, engine, lock, memory)
  const guardedConfig = baked ? config : guarded(config, expected, weights.modelFolder)
  const key = accessRulesOf(deployment)
  return {
    buildVersion,
    name: recipe.name,
    platform: recipe.image.platform,
    engine: lock.engine,
    model: recipe.model.name,
    ...tasksBeside(deployment),
    runtime: { source: deployment.runtime.source, locked: lock.runtime },
    ...packingOf(recipe, lock),
    slimming: planSlimming(deployment, lock, programsBefore(deployment, baked)),
    enginePaths: [...engine.enginePaths],
    settings: settingsOf(deployment, [...trustFiles(lock), ...guardFiles(mounted, key)]),
    weights,
    config: underInit(deployment.init, withKeyGuard(key, guardedConfig)),
    port: deployment.port,
    sharedMemoryBytes: sharedMemoryOf(deployment),
    ...surroundingsOf(deployment, memory),
    memory,
    ...remarksOf(deployment, lock, config),
    predictedMemory: predictedMemory(deployment, memory),
    budgets: recipe.image.budgets,
    policy: scanPolicyOf(recipe, engine),
    verify: { ...withoutProbes(recipe), behaviour: behaviourOf(deployment), ...optional('apiKey', key) },
    estimate: { weightsBytes: weights.sizeBytes, packagesBytes: packagesBytes(lock.runtime) },
  }
}

function surroundingsOf(
  deployment: Deployment,
  memory: MemoryPlan | null,
): Pick<ImagePlan, 'requires' | 'machines'> {
  return { ...requirementsOf(deployment, memory), ...machinesOf(deployment) }
}

/** What writes the layers, and how; nothing for zstd, so that a plan is the one it was before there was a choice. */
function packingOf({ image }: Recipe, { factory }: Lock): Pick<ImagePlan, 'packer' | 'compression'> {
  return {
    ...optional('packer', helperLock(factory, 'packer')),
    ...(image.compression === 'gzip' ? { compression: image.compression } : {}),
  }
}

/** Probes of the recipe are among those of the behaviour. What a bench asks decides no byte, so it may change with no new image. */
function withoutProbes({
  verify: { profiles, startTimeoutSeconds, prompts },
}: Recipe): Omit<Recipe['verify'], 'probes' | 'load' | 'quality'> {
  return { profiles, startTimeoutSeconds, prompts }
}

/** Nothing for a chat, so that its plan is the one it was before there were tasks. */
function tasksBeside({ tasks }: Deployment): Pick<ImagePlan, 'tasks'> {
  return tasks.length === 1 && tasks[0] === 'chat' ? {} : { tasks }
}

function settingsOf(deployment: Deployment, guard: readonly SettingsFile[]): SettingsFile[] {
  const ofEngine = deployment.engine.files?.(deployment) ?? []
  const files = [
    ...settingsFiles(),
    ...ofEngine,
    ...engineFiles(deployment),
    ...compileCacheFiles(deployment),
    ...modelSettingFiles(deployment.settingFiles),
    ...guard,
  ]
  return files.filter(({ path }, index) => files.findIndex((file) => file.path === path) === index)
}

/** The init and the guard's own programs are roots like the server, which they start. */
function programsBefore(deployment: Deployment, baked: boolean): string[] {
  const { init, recipe } = deployment
  return [
    ...ownPrograms(deployment),
    ...init.filter((part) => part.startsWith('/')),
    ...(baked ? [] : guardPrograms),
    ...(baked && recipe.serving.apiKey !== false ? keyGuardPrograms : []),
  ]
}

/** Layers that a recipe asks for besides, and what a person should see of a plan before it is built. */
function remarksOf(
  deployment: Deployment,
  lock: Lock,
  config: RuntimeConfig,
): Pick<ImagePlan, 'compileCache' | 'ownLayer' | 'trust' | 'doubts'> {
  const doubts = [
    ...(deployment.engine.doubts?.(deployment) ?? []),
    ...codeDoubts(deployment),
    ...placeDoubts(deployment),
    ...servingDoubts(deployment),
    ...machineDoubts(deployment),
    ...besideDoubts(deployment),
    ...releaseDoubts(deployment, lock),
    ...settingDoubts(deployment),
    ...trustDoubts(deployment),
    ...fallbackDoubts(lock),
  ]
  const own = optional('ownLayer', ownLayerOf(lock))
  const compiled = optional('compileCache', compileCachePlan(deployment, config))
  return { ...compiled, ...own, ...trustedOf(lock), ...(doubts.length === 0 ? {} : { doubts }) }
}

/** A newer release of an official image is taken by its tag; what its runtime asks of a machine was read of another one. */
function releaseDoubts({ runtime: { source } }: Deployment, { runtime: { type, base } }: Lock): string[] {
  if (type !== 'upstream' || base.reference === source.base) return []
  return [
    `${base.reference} is another release than ${source.base}, whose CUDA, drivers and layout are known here; the boot tells whether they are the same`,
  ]
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

function packagesBytes(runtime: LockedRuntime): number {
  if (runtime.type === 'upstream') return 0
  const wheels = distributionsOf(runtime).map(largestWheel)
  return [...runtime.packages, ...wheels].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}

function largestWheel({ wheels }: PythonPackage): { sizeBytes: number } {
  return { sizeBytes: Math.max(...wheels.map((wheel) => wheel.sizeBytes)) }
}
