import type { Digest } from '../../lib/digest.ts'
import { optional } from '../../lib/optional.ts'
import type { Lock } from '../../recipes/lock.ts'
import { type LockedWeights, type PinnedSource, wholeFiles } from '../../recipes/locked-weights.ts'
import { partFolder, partTitle } from '../../recipes/parts.ts'
import { filed, wholeWeights } from '../../recipes/pinned-parts.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import type { Delivery, WeightFile } from '../../recipes/weights.ts'
import type { Deployment } from '../engines/engine.ts'
import { PlanError } from '../error.ts'
import { hubCacheEntries } from '../weights/hub-cache.ts'
import {
  groupIntoLayers,
  type LayerLimits,
  partBytes,
  planWeightLayers,
  type WeightEntry,
  type WeightLayer,
} from '../weights/layers.ts'
import { noHash } from '../weights/mount-guard.ts'
import { planPartLayers, withFolders } from '../weights/part-layers.ts'
import { registryLimits } from '../weights/registry-limits.ts'
import { type ModelcarPlan, planModelcar } from './modelcar.ts'

export interface WeightsPlan {
  delivery: Delivery
  /** Folder of the model inside the container. */
  modelFolder: string
  setDigest: Digest
  sizeBytes: number
  files: WeightFile[]
  /** Layers of the image when the weights are baked, else of the weights image that can be mounted in their place. */
  layers: WeightLayer[]
  /** Present when the recipe asks for an image that KServe can start. */
  modelcar?: ModelcarPlan
  /** How the ModelPack holds the files; absent for the layers of the image of the weights. */
  modelPack?: 'raw'
}

export function planWeights(deployment: Deployment, lock: Lock): WeightsPlan {
  const whole = wholeWeights(lock)
  const files = whole.files.map(({ path, sizeBytes, sha256 }) => ({ path, sizeBytes, sha256 }))
  const layers = [...weightLayers(deployment, lock), ...partLayers(deployment, lock)]
  refuseManyLayers(deployment, layers)
  const isRaw = deployment.recipe.weights.modelPack === 'raw'
  if (isRaw) refuseRawParts(deployment, layers)
  return {
    delivery: deployment.recipe.weights.delivery,
    modelFolder: deployment.modelFolder,
    // The lock's schema has checked that this is a digest.
    setDigest: whole.setDigest as Digest,
    sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
    files,
    layers,
    ...optional('modelcar', planModelcar(deployment, lock, layers)),
    ...(isRaw && { modelPack: 'raw' as const }),
  }
}

/** Nobody knows the hash of a part of a file before it is packed, so there is no digest for a layer of it. */
function refuseRawParts({ recipe }: Deployment, layers: readonly WeightLayer[]): void {
  const parts = layers.flatMap(({ entries }) => entries).filter(({ type }) => type === 'part')
  if (parts.length === 0) return
  throw new PlanError('refused', {
    attempted: `plan ${recipe.name}`,
    found: `weights.modelPack: raw, and ${parts.length} layers are parts of files that are too large for ${recipe.image.registry}`,
    hint: 'leave modelPack out, or set image.registry to one that takes larger layers',
  })
}

/** Layers of what lies beside the model. A store holds everything in layers of its own. */
function partLayers(deployment: Deployment, lock: Lock): WeightLayer[] {
  const { recipe, engine, modelFolder } = deployment
  const options = optional('maxLayerBytes', weightLayerLimit(recipe))
  const isHub = recipe.weights.delivery === 'hf-cache'
  if (engine.weights.type === 'store' && !isHub) return []
  return (lock.parts ?? []).flatMap((part) => {
    const folder = partFolder(part)
    const files = part.weights.files.map((file) => filed(file, folder))
    if (!isHub) return planPartLayers(partTitle(part), files, { modelFolder, ...options })
    const place = { folder, isSameRepo: isSameRepo(part.weights.source, lock.weights.source) }
    return withFolders(
      partTitle(part),
      groupIntoLayers(hubCacheEntries(part.weights, modelFolder, place), options),
    )
  })
}

function isSameRepo(one: PinnedSource, other: PinnedSource): boolean {
  return one.type === 'huggingface' && other.type === 'huggingface' && one.repo === other.repo
}

/** Of the 127 layers that an image may have; the others are for what is not weights. */
const mostWeightLayers = 110

function refuseManyLayers({ recipe }: Deployment, { length }: readonly WeightLayer[]): void {
  if (length <= mostWeightLayers) return
  throw new PlanError('refused', {
    attempted: `plan ${recipe.name}`,
    found: `parts: model and parts have ${length} layers of weights, and an image has room for ${mostWeightLayers}`,
    hint: 'put several adapters into one image each, or take fewer parts',
  })
}

function weightLayers(deployment: Deployment, lock: Lock): WeightLayer[] {
  const { recipe, engine, modelFolder } = deployment
  const options = optional('maxLayerBytes', weightLayerLimit(recipe))
  if (recipe.weights.delivery === 'hf-cache')
    return groupIntoLayers(hubCacheEntries(lock.weights, modelFolder), options)
  return engine.weights.type === 'store'
    ? storeLayers(engine.weights.entries(deployment), modelFolder, options)
    : planWeightLayers(lock.weights.files, { modelFolder, ...options })
}

/** Files of parts have layers of their own, so that those of the model stay as they are. */
function storeLayers(
  entries: readonly WeightEntry[],
  modelFolder: string,
  options: LayerLimits,
): WeightLayer[] {
  const isPart = ({ type, path }: WeightEntry) =>
    type === 'file' && path.startsWith(`${modelFolder.slice(1)}/parts/`)
  return [
    ...groupIntoLayers(
      entries.filter((entry) => !isPart(entry)),
      options,
    ),
    ...groupIntoLayers(entries.filter(isPart), options),
  ]
}

/**
 * The largest layer of weights that the registry takes which the recipe names. Undefined without a limit, and for weights
 * that are mounted, which no registry gets.
 */
export function weightLayerLimit({ image, weights }: Recipe): number | undefined {
  return weights.delivery === 'baked' || weights.delivery === 'artifact'
    ? registryLimits(image.registry).maxLayerBytes
    : undefined
}

/** Without the parts of a lock that was made for an image with weights inside: what is mounted are the files themselves. */
export function lockFor(recipe: Recipe, lock: Lock): Lock {
  if (recipe.weights.delivery === 'baked' || recipe.weights.delivery === 'artifact') return lock
  const whole = (weights: LockedWeights): LockedWeights => ({
    ...weights,
    files: wholeFiles(weights.files),
  })
  const parts = lock.parts?.map((part) => ({ ...part, weights: whole(part.weights) }))
  return { ...lock, weights: whole(lock.weights), ...optional('parts', parts) }
}

/** Files that a server without weights inside waits for, relative to the folder that is mounted. */
export function mountedFiles({ modelFolder }: Deployment, layers: readonly WeightLayer[]): WeightFile[] {
  const root = `${modelFolder.slice(1)}/`
  return layers
    .flatMap((layer) => layer.entries)
    .flatMap((entry): WeightFile[] => {
      const path = entry.path.slice(root.length)
      if (entry.type === 'file') return [{ ...entry.file, path }]
      // Of a part the lock has the size; its bytes are checked when they are packed, as those of the whole file.
      return entry.type === 'part' ? [{ path, sizeBytes: partBytes(entry.part), sha256: noHash }] : []
    })
}
