import semver from 'semver'
import type { Lock } from '../../recipes/lock.ts'
import type { PinnedSourceOf } from '../../recipes/locked-weights.ts'
import { folderName, partFolder } from '../../recipes/parts.ts'
import type { PinnedPart } from '../../recipes/pinned-parts.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import type { SettingFiles } from '../../recipes/setting-files.ts'
import { PlanError } from '../error.ts'
import { type Gpu, gpuNamed } from '../memory/gpus.ts'
import { repoFolder } from '../weights/hub-cache.ts'
import { toolkitOf } from './cuda-toolkit.ts'
import type { Device } from './device.ts'
import type { Deployment, EngineDefinition, EngineRuntime } from './engine.ts'
import { atLeastDriver } from './gpu-support.ts'
import { withOwnPackages } from './own-runtime.ts'
import { deployedParts, filesInImage } from './parts.ts'
import { type TaskFacts, tasksOf } from './tasks.ts'

/** Where a Hub cache is mounted: what HF_HUB_CACHE names. */
export const hubCacheFolder = '/models/hub'

/** What a recipe asks of an engine after defaults. Throws `refused` when no runtime of the engine suits it. */
export function deploymentOf(recipe: Recipe, lock: Lock, engine: EngineDefinition): Deployment {
  const modelFolder = modelFolderOf(recipe)
  const runtime = runtimeOf(recipe, engine)
  const settingFiles = lock.settingFiles ?? {}
  const facts = withTemplate(factsOf(lock), settingFiles)
  return {
    recipe,
    engine,
    version: lock.engine.version,
    runtime,
    gpu: gpuOf(recipe),
    ...facts,
    settingFiles,
    tasks: tasksOf(recipe, facts).tasks,
    modelFolder,
    modelPath: modelPathOf(recipe, lock, modelFolder),
    files: filesInImage(lock.weights.files),
    parts: deployedParts(recipe.parts, lock, (pinned) => partPathOf(recipe, pinned, modelFolder)),
    ...portsOf(recipe, engine),
    toolkit: toolkitOf(runtime, lock.runtime),
    init: initOf(runtime, lock),
  }
}

/** A server of the recipe has the port of the image; the engine behind it listens beside it, on loopback alone. */
function portsOf({ serving, image }: Recipe, engine: EngineDefinition): Pick<Deployment, 'port' | 'listen'> {
  const port = serving.port ?? engine.port
  if (image.command === undefined) return { port, listen: { host: '0.0.0.0', port } }
  return { port, listen: { host: '127.0.0.1', port: port < 65_535 ? port + 1 : port - 1 } }
}

/** A template of the recipe stands in place of the model's own. */
function withTemplate(facts: TaskFacts, { chatTemplate }: SettingFiles): TaskFacts {
  if (chatTemplate === undefined) return facts
  const { text } = chatTemplate
  return {
    ...facts,
    gguf: facts.gguf && { ...facts.gguf, chatTemplate: text },
    folder: facts.folder && { ...facts.folder, chatTemplate: text },
  }
}

/** What a lock knows of its model. */
export function factsOf({ model, gguf, folder, weights }: Lock): TaskFacts {
  return {
    facts: model ?? null,
    gguf: gguf ?? null,
    folder: folder ?? null,
    modelfile: weights.modelfile ?? null,
  }
}

/**
 * The init of the runtime, where the lock has its packages or the base had them before. Absent in locks of versions before
 * the init.
 */
function initOf({ init }: EngineRuntime, { runtime }: Lock): readonly string[] {
  if (init === undefined || runtime.type === 'upstream') return []
  const present = runtime.type === 'debian' ? (runtime.present ?? []) : []
  const locked = new Set([...present, ...runtime.packages.map(({ name }) => name)])
  return init.packages.every((name) => locked.has(name)) ? init.command : []
}

export function deviceOf(recipe: Recipe): Device {
  return recipe.engine.device ?? (recipe.target.gpu === undefined ? 'cpu' : 'cuda')
}

/** The first runtime that suits the recipe: kind, device, version range, and the oldest driver among its hosts. */
export function runtimeOf(recipe: Recipe, engine: EngineDefinition): EngineRuntime {
  const device = deviceOf(recipe)
  const ofDevice = engine.runtimes.filter((runtime) => runtime.device === device)
  if (ofDevice.length === 0) throw noDevice(recipe, engine, device)
  const ofKind = ofDevice.filter(({ kind }) => kind === (recipe.engine.runtime ?? kind))
  if (ofKind.length === 0) throw noKind(recipe, engine, ofDevice)
  const { base } = recipe.image
  const inRange = base === undefined ? ofKind.filter((runtime) => isInRange(runtime, recipe)) : ofKind
  if (inRange.length === 0) throw noVersion(recipe, engine, ofKind)
  const runtime = inRange.find(({ gpu }) => gpu === undefined || atLeastDriver(recipe, gpu)) ?? inRange[0]
  if (runtime === undefined) throw noKind(recipe, engine, ofDevice)
  return withOwnPackages(
    withAsked(base === undefined ? runtime : { ...runtime, source: { ...runtime.source, base } }, recipe),
    recipe,
  )
}

function withAsked(runtime: EngineRuntime, recipe: Recipe): EngineRuntime {
  const { source } = runtime
  const asked = runtime.packagesFor?.(recipe) ?? []
  if (source.type !== 'debian' || asked.length === 0) return runtime
  return { ...runtime, source: { ...source, packages: [...source.packages, ...asked] } }
}

function isInRange({ version }: EngineRuntime, recipe: Recipe): boolean {
  return (
    version === undefined || semver.satisfies(version, recipe.engine.version, { includePrerelease: true })
  )
}

/** The target GPU; null where the recipe names none, and for a name that looks like none of the catalogue. Throws `refused` for a slip. */
export function gpuOf(recipe: Recipe): Gpu | null {
  if (recipe.target.gpu === undefined) return null
  const named = gpuNamed(recipe.target.gpu)
  if (named.type === 'known') return named.gpu
  // The recipe's check has said so; the plan says that it cannot tell whether the model fits.
  if (named.type === 'unknown') return null
  throw new PlanError('refused', {
    attempted: `plan ${recipe.name}`,
    found: `target.gpu: the catalogue has no such name as "${recipe.target.gpu}"`,
    hint: `did you mean ${named.names.join(' or ')}?`,
  })
}

/** Folder of the model inside the container, absolute. */
export function modelFolderOf({ weights, model }: Pick<Recipe, 'weights' | 'model'>): string {
  return weights.delivery === 'hf-cache' ? hubCacheFolder : `/models/${folderName(model.name)}`
}

/** In a Hub cache the files of one commit lie in its snapshot: a plain folder, for which no loader asks the Hub. */
function modelPathOf(recipe: Recipe, lock: Lock, modelFolder: string): string {
  const { source } = lock.weights
  if (recipe.weights.delivery !== 'hf-cache' || source.type !== 'huggingface') return modelFolder
  return snapshotFolder(source, modelFolder)
}

/** A part of a Hub cache has a snapshot of its own there. */
function partPathOf(recipe: Recipe, part: PinnedPart, modelFolder: string): string {
  const { source } = part.weights
  return recipe.weights.delivery === 'hf-cache' && source.type === 'huggingface'
    ? snapshotFolder(source, modelFolder)
    : `${modelFolder}/${partFolder(part)}`
}

function snapshotFolder(source: PinnedSourceOf<'huggingface'>, cacheFolder: string): string {
  return `${cacheFolder}/${repoFolder(source)}/snapshots/${source.commit}`
}

function noDevice(recipe: Recipe, engine: EngineDefinition, device: Device): PlanError {
  const devices = [...new Set(engine.runtimes.map((runtime) => runtime.device))]
  return new PlanError('refused', {
    attempted: `plan ${recipe.name}`,
    found: `${engine.title} has no runtime for ${device}`,
    hint:
      engine.elsewhere?.[device] ??
      (devices.includes('cuda')
        ? 'name the GPU the image is for in target.gpu, or choose another engine'
        : `set engine.device to ${devices.join(' or ')}`),
  })
}

function noKind(recipe: Recipe, engine: EngineDefinition, runtimes: readonly EngineRuntime[]): PlanError {
  return new PlanError('refused', {
    attempted: `plan ${recipe.name}`,
    found: `${engine.title} has no runtime "${recipe.engine.runtime}" for ${deviceOf(recipe)}`,
    hint: `set engine.runtime to one of: ${[...new Set(runtimes.map(({ kind }) => kind))].join(', ')}`,
  })
}

function noVersion(recipe: Recipe, engine: EngineDefinition, runtimes: readonly EngineRuntime[]): PlanError {
  return new PlanError('refused', {
    attempted: `plan ${recipe.name}`,
    found: `no known image of ${engine.title} is in the range "${recipe.engine.version}"`,
    hint: `known here: ${runtimes.map(({ version }) => version).join(', ')}; or name the image you want in image.base`,
  })
}
