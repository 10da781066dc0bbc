import type { GgufKind } from '../../recipes/weight-contents.ts'
import type { WeightFormat } from '../../recipes/weight-names.ts'

export const folderFormats: WeightFormat[] = ['safetensors', 'pytorch', 'mistral']
export const ggufFormats: WeightFormat[] = ['gguf']

export const files = (paths: readonly string[]) => paths.map((path) => ({ path, sizeBytes: 1 }))

export const asSafetensors = 'the same weights are there as safetensors'
export const exported = 'an export of the model for another runtime'
export const precision = 'a second precision of the weights beside it'
export const training = 'state of a training run, which no server reads'
export const archive = 'an archive, and no server here unpacks one'
export const forPeople = 'a picture, a film or a paper beside the model, for people to look at'
export const noGguf = 'this engine loads the weights of transformers that are there, and no GGUF'
export const ggufAlone = 'this engine loads the GGUF that is there, and no other format'

export const kinds = (gguf: Record<string, GgufKind> = {}) => ({
  shards: new Map(),
  gguf: new Map(Object.entries(gguf)),
})
