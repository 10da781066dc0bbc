import { posix } from 'node:path'
import type { DebianLock, Lock } from '../../recipes/lock.ts'
import type { LockedWeights } from '../../recipes/locked-weights.ts'
import type { DebianSource, Deployment } from '../engines/engine.ts'
import { PlanError } from '../error.ts'
import { type AssembledImage, assembleImage, type StoredLayer } from '../oci/oci.ts'
import type { TreeLayer } from '../tree/layers.ts'
import { userId } from '../tree/settings.ts'
import { type PackedLayer, weightsLabels } from '../weights/artifact.ts'
import type { WeightLayer } from '../weights/layers.ts'
import type { ScanPolicy } from './scan-policy.ts'

/** One static program that is a shell and all that KServe starts in a modelcar. */
export const modelcarSource: DebianSource = {
  type: 'debian',
  base: 'debian:bookworm-slim',
  packages: ['busybox-static'],
  versionOf: 'busybox-static',
}

/** What KServe starts: `sh`, `ln`, `sleep` in the sidecar, `ls` in the init container that fetches the image beforehand. */
export const modelcarPrograms = ['ln', 'ls', 'sh', 'sleep'] as const

/** The licence of the program asks for its copy wherever it goes. */
export const copyrightFile = '/usr/share/doc/busybox-static/copyright'

export interface ModelcarPlan {
  locked: DebianLock
  /** Folder of the model, in which what `links` names is. */
  modelFolder: string
  /** Names that are also found right below `/models`: servers are told that folder alone. */
  links: string[]
}

/** The modelcar that a recipe asks for. Throws `refused` when the lock is older than the wish. */
export function planModelcar(
  { recipe, modelFolder }: Deployment,
  { modelcar }: Lock,
  layers: readonly WeightLayer[],
): ModelcarPlan | undefined {
  if (!recipe.weights.modelcar) return undefined
  if (modelcar === undefined)
    throw new PlanError('refused', {
      attempted: `plan ${recipe.name}`,
      found: 'weights.modelcar: the lock does not say where the programs of a modelcar come from',
      hint: 'run `ingot lock RECIPE` again',
    })
  const root = `${modelFolder.slice(1)}/`
  const names = layers
    .flatMap(({ entries }) => entries)
    .filter(({ path }) => path.startsWith(root))
    .map(({ path }) => path.slice(root.length).split('/')[0] ?? '')
  const links = [...new Set(names)].filter((name) => name !== '' && name !== posix.basename(modelFolder))
  return { locked: modelcar, modelFolder, links: links.sort() }
}

/** Programs apart from links: their layer is the same for every model. */
export function modelcarLayers({ links }: ModelcarPlan): TreeLayer[] {
  const programs = ['busybox', ...modelcarPrograms].map((name) => `/bin/${name}`)
  const folders = copyrightFile
    .split('/')
    .slice(1, -1)
    .map((_, index, names) => `/${names.slice(0, index + 1).join('/')}`)
  const layer = (name: string, cause: string, paths: string[]) => ({ name, cause, paths, sizeBytes: 0 })
  return [
    layer('programs', 'programs of a modelcar', ['/bin', ...programs, ...folders, copyrightFile]),
    layer('links', 'links to the files of the model', ['/models', ...links.map((name) => `/models/${name}`)]),
  ]
}

/** Layers of a modelcar's own among all of its image: those above the weights. */
export function modelcarPart<Layer>(layers: readonly Layer[], weightLayers: readonly WeightLayer[]): Layer[] {
  return layers.slice(weightLayers.length)
}

/** What a scan of a modelcar lets pass: its shell is what it is for, whatever the recipe says of the server's. */
export function modelcarPolicy({ allowSecrets }: ScanPolicy): ScanPolicy {
  return { allowWorldWritable: [], allowSecrets, shells: ['KServe starts one in a modelcar'] }
}

/**
 * The weights image with programs above the same layers. KServe gives the command as arguments, so there is no entrypoint; its
 * user is that of every image here, as only the same user may look into the files of another container's process.
 */
export function modelcarImage(
  layers: readonly PackedLayer[],
  own: readonly StoredLayer[],
  weights: LockedWeights,
  platform: string,
): AssembledImage {
  return assembleImage(
    [...layers.map(({ stored }) => stored), ...own],
    { User: userId, Env: ['PATH=/bin'], Labels: weightsLabels(layers, weights) },
    platform,
    {},
  )
}
