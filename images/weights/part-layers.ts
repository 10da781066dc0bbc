import { placeOf } from '../../recipes/weight-names.ts'
import {
  type PlannedFile,
  planWeightLayers,
  type WeightLayer,
  type WeightLayerOptions,
  weightLayer,
} from './layers.ts'

/**
 * Layers of what lies beside a model, apart from those of the model, which stay as they are. The folders share the first
 * layer, as an image has few layers and may have many adapters.
 */
export function planPartLayers(
  title: string,
  files: readonly PlannedFile[],
  options: WeightLayerOptions,
): WeightLayer[] {
  return withFolders(title, planWeightLayers(files, options))
}

/** Layers of a part under its title, the first two as one. */
export function withFolders(title: string, layers: readonly WeightLayer[]): WeightLayer[] {
  const [folders, first, ...rest] = layers
  const merged =
    first === undefined ? folders : weightLayer(first.cause, [...(folders?.entries ?? []), ...first.entries])
  return [...(merged === undefined ? [] : [merged]), ...rest].map((layer) => ({
    ...layer,
    cause: `weights of the ${title}: ${namesOf(layer)}`,
  }))
}

function namesOf({ entries }: WeightLayer): string {
  const paths = entries.flatMap((entry) => {
    if (entry.type === 'part') return [entry.part.path]
    return entry.type === 'file' ? [entry.file.path] : []
  })
  const first = paths[0] === undefined ? 'folders' : placeOf(paths[0]).name
  return paths.length > 1 ? `${first} and ${paths.length - 1} more` : first
}
