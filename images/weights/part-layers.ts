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
    cause: layer.cause.replace('weights: ', `weights of the ${title}: `),
  }))
}
