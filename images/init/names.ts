import { limits } from '../../recipes/limits.ts'
import { ggufShards } from '../../recipes/model-facts/gguf-files.ts'
import type { EngineDefinition } from '../engines/engine.ts'
import type { ModelOffer, WeightsChoice } from './offer.ts'

/** Name of the recipe: the model's, without its owner, and the engine's. */
export function recipeNameOf(
  { modelName }: Pick<ModelOffer, 'modelName'>,
  { engine }: { engine: EngineDefinition },
): string {
  const most = limits.nameLength - engine.id.length - 1
  return `${slugOf(modelName.split('/').at(-1) ?? modelName, most)}-${engine.id}`
}

/** Lower-case letters and digits, joined by single dots and dashes. */
export function slugOf(text: string, most: number = limits.nameLength): string {
  const slug = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, '-')
    .replaceAll(/[.-]{2,}/g, '-')
    .slice(0, most)
    .replaceAll(/^[.-]+|[.-]+$/g, '')
  return slug === '' ? 'model' : slug
}

/** The pattern that takes one GGUF with its shards, and no other file; nothing for an artifact, which is taken whole. */
export function includeOf(
  { source }: Pick<ModelOffer, 'source'>,
  { gguf }: Pick<WeightsChoice, 'gguf'>,
): { include?: string[] } {
  if (gguf === undefined || source.type === 'oci') return {}
  return { include: ggufShards(gguf) }
}
