import semver from 'semver'
import { digestOf, hexOf } from '../../lib/digest.ts'
import { IngotError } from '../../lib/error.ts'
import type { Lock } from '../../recipes/lock.ts'
import { type Recipe, recipeSchema } from '../../recipes/recipe.ts'
import type { ModelTask } from '../../recipes/tasks.ts'
import { setDigestOf, sortFiles } from '../../recipes/weights.ts'
import { deploymentOf, runtimeOf } from '../engines/deployment.ts'
import type { Deployment, EngineDefinition, Refusal } from '../engines/engine.ts'
import { sharedMemoryRefusals } from '../engines/shared-memory.ts'
import type { MemoryPlan } from '../memory/result.ts'
import { isOpenLicence } from '../plan/licence.ts'
import { deploymentMemory } from '../plan/memory.ts'
import { taskRefusals } from '../plan/tasks.ts'
import { chatLinesOf } from './chat-lines.ts'
import { includeOf, recipeNameOf } from './names.ts'
import type { ModelOffer, WeightsChoice } from './offer.ts'

/** Where a server is to run. */
export interface InitPlace {
  /** Name of the card; null for a processor. */
  gpu: string | null
  count: number
}

/** What is chosen for a recipe, beside the model itself. */
export interface InitChoices {
  engine: EngineDefinition
  weights: WeightsChoice
  place: InitPlace
  contextLength?: number
  /** Sequences at once, for engines that reserve a place for each. */
  parallelism?: number
  quantization?: string
  dtype?: 'float16'
  name?: string
  acceptsLicense?: boolean
  /** What a person asks the server for; without it the files tell. */
  tasks?: readonly ModelTask[]
}

/** A recipe as its file has it: no defaults. */
export type RecipeDraft = Readonly<Record<string, unknown>>

/** Largest weights that go into the image itself. */
export const mostBakedBytes = 10e9

export function draftOf(offer: ModelOffer, choices: InitChoices): RecipeDraft {
  const { engine, weights, place, acceptsLicense, name } = choices
  return {
    name: name ?? recipeNameOf(offer, choices),
    model: {
      name: offer.modelName,
      ...chatLinesOf(engine, weights, { modelfile: offer.modelfile, asked: choices.tasks }),
      ...(offer.license !== undefined && { license: offer.license }),
      ...(acceptsLicense && acceptanceOf(offer)),
    },
    engine: {
      id: engine.id,
      version: engine.suggestion.version,
      ...(offersOnlyByName(choices) && { device: 'cpu' }),
    },
    weights: {
      source: { ...offer.source, ...includeOf(offer, weights) },
      delivery: deliveryOf(choices),
    },
    serving: servingOf(choices),
    ...(place.gpu !== null && {
      target: { gpu: place.gpu, ...(place.count > 1 && { count: place.count }) },
    }),
    verify: { startTimeoutSeconds: startSeconds(choices) },
  }
}

/** As the plan asks for it: by name where the licence has terms, and for any gated model. */
function acceptanceOf({ license, isGated }: ModelOffer): { acceptLicense?: string } {
  const isOpen = license === undefined || isOpenLicence(license)
  return isOpen && !isGated ? {} : { acceptLicense: license ?? 'gated' }
}

/** A processor is what an engine with runtimes for both takes without a card, so no key is needed. */
function offersOnlyByName({ engine, place }: InitChoices): boolean {
  return place.gpu === null && engine.memory.batching.type === 'pool'
}

function deliveryOf({ engine, weights }: InitChoices): string {
  if (weights.sizeBytes <= mostBakedBytes) return 'baked'
  return engine.weights.type === 'store' ? 'artifact' : 'mounted'
}

function servingOf({ engine, place, ...chosen }: InitChoices): object {
  const isSplit = place.count > 1 && engine.memory.splits === 'heads'
  return {
    ...(chosen.contextLength !== undefined && { contextLength: chosen.contextLength }),
    ...(chosen.parallelism !== undefined && { parallelism: chosen.parallelism }),
    ...(chosen.quantization !== undefined && { quantization: chosen.quantization }),
    ...(chosen.dtype !== undefined && { dtype: chosen.dtype }),
    ...(isSplit && { tensorParallel: place.count }),
    ...(isSplit &&
      engine.sharedMemory !== null && {
        sharedMemory: `${Math.ceil(Math.max(engine.sharedMemory.sizeBytes / 1024 ** 3, place.count))}GiB`,
      }),
  }
}

/** Loading at 100 MB/s from a cold disk, and the engine's own start. */
function startSeconds({ engine, weights }: InitChoices): number {
  const seconds = 60 + (engine.ownStart?.seconds ?? 60) + weights.sizeBytes / 100e6
  return Math.ceil(seconds / 60) * 60
}

/** What the planner and the engine say of a draft. */
export interface JudgedDraft {
  draft: RecipeDraft
  recipe: Recipe
  memory: MemoryPlan | null
  refusals: Refusal[]
}

/** Asks what `ingot plan` will ask, with the lock that is not there yet filled in as far as it matters. */
export function judgeDraft(offer: ModelOffer, choices: InitChoices): JudgedDraft {
  const draft = draftOf(offer, choices)
  const recipe = recipeSchema.parse(draft)
  try {
    const deployment = deploymentOf(recipe, provisionalLock(recipe, offer, choices), choices.engine)
    const { engine } = choices
    const refusals = [
      ...engine.refusals(deployment),
      ...packingRefusals(deployment, choices),
      ...sharedMemoryRefusals(deployment),
      ...taskRefusals(deployment),
    ]
    return { draft, recipe, refusals, memory: refusals.length > 0 ? null : deploymentMemory(deployment) }
  } catch (error) {
    if (!(error instanceof IngotError)) throw error
    const { found, hint } = error.failure
    return { draft, recipe, memory: null, refusals: [{ path: 'engine', found, hint }] }
  }
}

/** A checkpoint that is packed already needs the same kernels as one that the recipe asks to pack. */
function packingRefusals(deployment: Deployment, { engine, weights }: InitChoices): Refusal[] {
  const method = weights.facts?.quantization?.method
  if (weights.gguf !== undefined || method === undefined || method === 'unknown') return []
  const { recipe } = deployment
  const serving = { ...recipe.serving, quantization: method }
  return engine.refusals({ ...deployment, recipe: { ...recipe, serving } })
}

/** Hashes and the runtime say nothing about what fits, so they are not asked for yet. */
export function provisionalLock(recipe: Recipe, offer: ModelOffer, { engine, weights }: InitChoices): Lock {
  const files = sortFiles(weights.files).map(({ path, sizeBytes }) => ({
    path,
    sizeBytes,
    sha256: hexOf(digestOf(path)),
  }))
  const runtime = runtimeOf(recipe, engine)
  const version = runtime.version ?? semver.minVersion(recipe.engine.version)?.version ?? '0.0.0'
  return {
    lockVersion: 1,
    recipe: recipe.name,
    engine: { id: engine.id, version },
    runtime: {
      type: 'upstream',
      base: { reference: runtime.source.base, digest: digestOf(runtime.source.base) },
    },
    weights: {
      source: provisionalSource(offer),
      files,
      setDigest: setDigestOf(files),
      ...(offer.license !== undefined && { license: offer.license }),
      ...(offer.isGated && { gated: true }),
      ...(offer.modelfile !== undefined && { modelfile: offer.modelfile }),
    },
    ...(weights.facts !== null && { model: weights.facts }),
    ...(weights.header !== null && { gguf: weights.header }),
    ...(weights.folder !== undefined && { folder: weights.folder }),
  }
}

function provisionalSource({ source }: ModelOffer): Lock['weights']['source'] {
  return source.type === 'huggingface'
    ? { type: 'huggingface', repo: source.repo, revision: source.revision ?? 'main', commit: '0'.repeat(40) }
    : { type: 'folder', path: '.' }
}
