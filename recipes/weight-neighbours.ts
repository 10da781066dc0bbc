import { isGgufModel } from './model-facts/gguf-files.ts'
import {
  isGgmlModel,
  isModelWeights,
  placeOf,
  type WeightFormat,
  type WeightName,
  weightName,
} from './weight-names.ts'

/** What decides about a file: what the names of all say, and the forms that the engine loads. Found once for all files. */
export interface Neighbours {
  formats: readonly WeightFormat[]
  hasGguf: boolean
  hasGgml: boolean
  /** Folders that hold a model which the engine, or one of transformers, loads. */
  modelFolders: ReadonlySet<string>
  /** Files of tensors by their folder, indexes left out. */
  tensors: ReadonlyMap<string, readonly WeightName[]>
}

export function neighboursOf(paths: readonly string[], formats: readonly WeightFormat[]): Neighbours {
  const known: readonly WeightFormat[] = formats.includes('gguf') ? ['safetensors', 'pytorch'] : formats
  const names = paths.flatMap((path) => weightName(path) ?? []).filter(({ isIndex }) => !isIndex)
  return {
    formats,
    hasGguf: paths.some(isGgufModel),
    hasGgml: paths.some(isGgmlModel),
    modelFolders: new Set(
      paths.filter((path) => isModelWeights(path, known)).map((path) => placeOf(path).folder),
    ),
    tensors: Map.groupBy(names, ({ folder }) => folder),
  }
}

/** Whether a folder, empty for the root, holds a model. */
export function hasModelIn(folder: string, { modelFolders }: Neighbours): boolean {
  return modelFolders.has(folder)
}

/** Files of tensors in the folder of one. */
export function namesBeside({ folder }: WeightName, { tensors }: Neighbours): readonly WeightName[] {
  return tensors.get(folder) ?? []
}
