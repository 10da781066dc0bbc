import { z } from 'zod'
import { ggufFactsSchema } from './gguf-facts.ts'
import { type LockedFile, type LockedWeights, lockedWeightsSchema } from './locked-weights.ts'
import { modelFactsSchema } from './model-facts.ts'
import { partFolder, partRoles } from './parts.ts'
import { setDigestOf } from './weights.ts'

/** What an adapter says of itself. */
const adapterFacts = z.strictObject({
  rank: z.int().positive(),
  /** Architecture of the model it was made for, where it says so. */
  architecture: z.string().optional(),
  /** Name of that model, where it says so. */
  base: z.string().optional(),
})

const projectorFacts = z.strictObject({ vision: z.boolean(), audio: z.boolean() })

export const pinnedPartSchema = z.strictObject({
  role: z.enum(partRoles),
  name: z.string().optional(),
  weights: lockedWeightsSchema,
  /** Facts of drafters and further models. */
  model: modelFactsSchema.optional(),
  gguf: ggufFactsSchema.optional(),
  adapter: adapterFacts.optional(),
  projector: projectorFacts.optional(),
})

/** A part of a recipe as its lock pins it. */
export type PinnedPart = z.infer<typeof pinnedPartSchema>
export type PartFacts = Pick<PinnedPart, 'model' | 'gguf' | 'adapter' | 'projector'>

/** Weights with what lies beside them. `files` has all of them, those of a part below its folder. */
export interface WholeWeights extends LockedWeights {
  beside?: readonly { folder: string; weights: LockedWeights }[]
}

/** Everything that is packed for an image; of a lock without parts its weights as they are. */
export function wholeWeights({
  weights,
  parts = [],
}: {
  weights: LockedWeights
  parts?: readonly PinnedPart[] | undefined
}): WholeWeights {
  if (parts.length === 0) return weights
  const beside = parts.map((part) => ({ folder: partFolder(part), weights: part.weights }))
  const files = [
    ...weights.files,
    ...beside.flatMap(({ folder, weights: { files: own } }) => own.map((file) => filed(file, folder))),
  ]
  return { ...weights, files, setDigest: setDigestOf(files), beside }
}

/** A file of a part under the path that it has in the folder of the model. */
export function filed<File extends { path: string; split?: LockedFile['split'] }>(
  file: File,
  folder: string,
): File {
  const inFolder = (name: string) => `${folder}/${name}`
  if (file.split === undefined) return { ...file, path: inFolder(file.path) }
  const parts = file.split.parts.map((part) => ({ ...part, path: inFolder(part.path) }))
  return { ...file, path: inFolder(file.path), split: { ...file.split, parts } }
}

/** The model's files and those of each part, apart; the folder of the model is empty. */
export function setsOf(weights: WholeWeights): { folder: string; weights: LockedWeights }[] {
  const { beside = [], ...all } = weights
  const files = all.files.filter(({ path }) => !beside.some(({ folder }) => path.startsWith(`${folder}/`)))
  return [{ folder: '', weights: { ...all, files } }, ...beside]
}
