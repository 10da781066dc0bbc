import { basename, join, resolve } from 'node:path'
import { deploymentOf, modelFolderOf } from '../../images/engines/deployment.ts'
import { engineOf } from '../../images/engines/engines.ts'
import type { Digest } from '../../lib/digest.ts'
import { type LockedWeights, totalBytes } from '../../recipes/locked-weights.ts'
import { weightsAtSource } from '../../recipes/quantization.ts'
import { StageError } from '../error.ts'
import { type LockedRecipe, loadLocked } from '../lock/locked-recipe.ts'
import type { Progress } from '../process/progress.ts'
import { daggerSecrets } from '../process/secrets.ts'
import { quantizedMaker } from '../quantize/quantize.ts'
import { sourceFolder, sourceImage } from '../quantize/source-image.ts'
import type { Settings } from '../settings/settings.ts'
import type { PerplexityContext } from './perplexity.ts'

export interface DivergenceContext extends PerplexityContext {
  settings: Settings
  progress: Progress
  signal: AbortSignal
}

/** Weights that others are compared with, in the store. */
export interface ReferenceWeights {
  name: string
  /** The model, or its first shard: its name, and where the image of it has it. */
  file: string
  path: string
  sizeBytes: number
  image: Digest
}

/** Where they come from, before any byte moves. */
interface FoundReference {
  name: string
  weights: LockedWeights
  file: string
  locked: LockedRecipe
}

/**
 * The weights that `from` names: what those of the recipe were made from, or those of another recipe, which must be locked. They are
 * packed into the store unless it has them. Throws `usage` where there is nothing to compare with, and as `packWeights`.
 */
export async function referenceWeights(
  from: string,
  origin: LockedRecipe,
  { store, engine, settings, progress, signal }: DivergenceContext,
): Promise<ReferenceWeights> {
  const { name, weights, file, locked } =
    from === 'source' ? ownSource(origin) : await otherRecipe(from, origin, settings)
  const { platform } = locked.recipe.image
  const source = {
    ...{ settings, signal, recipeFolder: locked.folder, resolveSecret: daggerSecrets(engine) },
    onProgress: (done: number, total: number) => progress.bytes(name, done, total),
  }
  const making = { store, engine, source, progress }
  const makeQuantized = quantizedMaker(making, { platform, modelFolder: modelFolderOf(locked.recipe) })
  const image = await sourceImage(store, weights, platform, { ...source, makeQuantized })
  const sizeBytes = totalBytes(weights.files)
  return { name, file, path: join(sourceFolder, file), sizeBytes, image }
}

function ownSource(origin: LockedRecipe): FoundReference {
  const { source } = origin.lock.weights
  if (source.type === 'quantized')
    return {
      name: 'the source',
      weights: weightsAtSource(origin.lock.weights),
      file: source.model,
      locked: origin,
    }
  throw new StageError('usage', {
    attempted: `compare ${origin.recipe.name} with what its weights were made from`,
    found: 'they are as their source has them: the recipe has no weights.quantize',
    hint: 'name another recipe as verify.quality.divergence.from, such as one of a higher precision',
  })
}

async function otherRecipe(from: string, origin: LockedRecipe, settings: Settings): Promise<FoundReference> {
  const place = resolve(origin.folder, from)
  const locked = await loadLocked(place, settings, `compare ${origin.recipe.name} with ${from}`)
  const engine = engineOf(locked.recipe.engine.id)
  const path = engine.perplexity?.modelFile(deploymentOf(locked.recipe, locked.lock, engine))
  const file = locked.lock.weights.files.find((one) => path?.endsWith(`/${one.path}`))?.path
  if (file !== undefined) return { name: basename(from), weights: locked.lock.weights, file, locked }
  throw new StageError('usage', {
    attempted: `compare ${origin.recipe.name} with ${from}`,
    found: `${engine.title} has no program that reads its weights`,
    hint: 'name a recipe of llama.cpp with a GGUF of the same vocabulary',
  })
}
