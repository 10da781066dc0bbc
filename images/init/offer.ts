import type { EngineId } from '../../recipes/engine-ids.ts'
import type { GgufFacts } from '../../recipes/gguf-facts.ts'
import type { FolderFacts } from '../../recipes/lock.ts'
import { type Modelfile, totalBytes } from '../../recipes/locked-weights.ts'
import { ggufShards, isGgufModel } from '../../recipes/model-facts/gguf-files.ts'
import type { ModelFacts } from '../../recipes/model-facts.ts'
import { isModelWeights } from '../../recipes/weight-names.ts'
import { pickFiles } from '../../recipes/weight-selection.ts'
import type { SourceOf } from '../../recipes/weights.ts'
import type { EngineDefinition } from '../engines/engine.ts'

/** A file of an offer, of which nothing but its name and size is known. */
export interface OfferedFile {
  path: string
  sizeBytes: number
}

/** A weights source as a recipe writes it, before files are chosen. */
export type OfferedSource =
  | (Pick<SourceOf<'huggingface'>, 'type' | 'repo'> & { revision?: string })
  | Pick<SourceOf<'folder'>, 'type' | 'path'>
  | SourceOf<'oci'>

/** Files of an offer that make up one model, and the engines that load them. */
export interface WeightsSet {
  engines: EngineId[]
  files: OfferedFile[]
  sizeBytes: number
  /** The GGUF among them, by its first shard; undefined for a folder of transformers. */
  gguf?: string
}

/** The same with what its headers say. */
export interface WeightsChoice extends WeightsSet {
  facts: ModelFacts | null
  header: GgufFacts | null
  /** What files beside a model in transformers' form say of how it is asked; absent where nobody read them. */
  folder?: FolderFacts
}

/** All that is known of a model before there is a recipe. */
export interface ModelOffer {
  /** What the person wrote. */
  asked: string
  /** Name under which the server will offer it. */
  modelName: string
  source: OfferedSource
  license?: string
  isGated: boolean
  modelfile?: Modelfile
  choices: WeightsChoice[]
}

/** Every set of files that one of the engines loads. `only` names one GGUF file. */
export function weightsSets(
  files: readonly OfferedFile[],
  engines: readonly EngineDefinition[],
  only?: string,
): WeightsSet[] {
  const sets = new Map<string, WeightsSet>()
  for (const engine of engines)
    for (const set of engine.formats.includes('gguf')
      ? ggufSets(files, only)
      : folderSets(files, engine, only)) {
      const key = set.files.map(({ path }) => path).join('\n')
      const known = sets.get(key) ?? { ...set, engines: [] }
      known.engines.push(engine.id)
      sets.set(key, known)
    }
  return [...sets.values()]
}

function ggufSets(files: readonly OfferedFile[], only: string | undefined): WeightsSet[] {
  const models = files.filter(({ path }) => isGgufModel(path) && (only === undefined || path === only))
  return models.flatMap(({ path }) => {
    const shards = ggufShards(path)
    const found = files.filter((file) => shards.includes(file.path))
    if (found.length < shards.length) return []
    return [{ engines: [], files: found, sizeBytes: totalBytes(found), gguf: path }]
  })
}

function folderSets(
  files: readonly OfferedFile[],
  { formats }: EngineDefinition,
  only: string | undefined,
): WeightsSet[] {
  if (only !== undefined) return []
  const { taken } = pickFiles(files, {}, formats)
  if (!taken.some(({ path }) => !path.includes('/') && isModelWeights(path, formats))) return []
  return [{ engines: [], files: taken, sizeBytes: totalBytes(taken) }]
}

const typeInName = /(?:^|[-_.])((?:I?Q\d|TQ\d|MXFP4|BF16|F16|F32)[A-Z0-9_]*)(?=[-.])/i

/** Precision in words: what the header of a GGUF or the configuration says, else what a file's name tells. */
export function precisionOf({ facts, header, gguf }: WeightsChoice): string {
  if (gguf !== undefined) return header?.fileType ?? typeInName.exec(gguf)?.[1]?.toUpperCase() ?? 'GGUF'
  return facts?.quantization?.method ?? facts?.dtype ?? 'as it is'
}

/** Bits of one weight, counted from the size of the files; undefined where nobody says how many weights there are. */
export function bitsPerWeight({ sizeBytes, header }: WeightsChoice): number | undefined {
  return header === null || header.parameterCount === 0 ? undefined : (sizeBytes * 8) / header.parameterCount
}

/**
 * What was read of one GGUF, for another quantisation of the same model: its layers are the same, and its bytes are those of its
 * own files.
 */
export function asOtherSize({ facts, header }: WeightsChoice, set: WeightsSet): WeightsChoice {
  const known = facts?.weights
  const share = known ? set.sizeBytes / known.totalBytes : 1
  const scaled = (counts: object) =>
    Object.fromEntries(
      Object.entries(counts).map(([name, bytes]) => [name, Math.round(Number(bytes) * share)]),
    )
  return {
    ...set,
    facts:
      facts && known
        ? { ...facts, weights: { totalBytes: set.sizeBytes, byRole: scaled(known.byRole), byDtype: {} } }
        : facts,
    header: header && { ...header, fileType: null },
  }
}
