import { optional } from '../../../lib/optional.ts'
import type { GgufFacts } from '../../../recipes/gguf-facts.ts'
import { PlanError } from '../../error.ts'
import type { WeightEntry } from '../../weights/layers.ts'
import type { Deployment, WeightsLayout } from '../engine.ts'
import { type DeployedPart, partsOf } from '../parts.ts'
import { ggufModels, ggufProjector } from '../refusals.ts'
import { chatForm } from './chat-form.ts'
import { ggufOf, storedFile } from './parts.ts'
import { type OllamaModel, ollamaStoreEntries } from './store.ts'

/** Its store holds a model as one blob, so nothing is split for it. */
export const weights: WeightsLayout = { type: 'store', entries: ollamaStore }

/** The store that OLLAMA_MODELS names, with all models. Throws `refused` for a lock without a GGUF header. */
function ollamaStore(deployment: Deployment): WeightEntry[] {
  const model = ollamaModel(deployment)
  const [projector] = partsOf(deployment, 'projector').map(ggufOf)
  const own = { ...model, ...optional('projector', projector ?? model.projector) }
  const adapters = partsOf(deployment, 'adapter').map((one) => ({
    ...own,
    name: one.part.name,
    ...optional('adapter', ggufOf(one)),
  }))
  const further = partsOf(deployment, 'model').map((one) => furtherModel(deployment, one))
  // What is mounted is a store that somebody pulled into.
  const form = deployment.recipe.weights.delivery === 'mounted' ? 'pulled' : 'named'
  return ollamaStoreEntries([own, ...adapters, ...further], deployment.modelFolder, form)
}

/** A model beside the first one, made from what its own header says. */
function furtherModel(deployment: Deployment, one: DeployedPart<'model'>): OllamaModel {
  const { part, pinned, files } = one
  const { ollamaTemplate: _, ...serving } = deployment.recipe.serving
  return ollamaModel({
    ...deployment,
    recipe: {
      ...deployment.recipe,
      serving,
      model: { name: part.name, ...optional('license', part.license) },
    },
    files: files.map((file) => storedFile(one, file)),
    gguf: pinned?.gguf ? inFolder(pinned.gguf, one.folder) : null,
    modelfile: pinned?.weights.modelfile ?? null,
    parts: [],
  })
}

/** Names of files in a header's facts, where the lock has them, under the folder of the part. */
function inFolder({ file, projector, ...facts }: GgufFacts, folder: string): GgufFacts {
  return {
    ...facts,
    ...optional('file', file && `${folder}/${file}`),
    ...optional('projector', projector && `${folder}/${projector}`),
  }
}

function ollamaModel(deployment: Deployment): OllamaModel {
  const { gguf, recipe, modelfile } = deployment
  const [model] = ggufModels(deployment)
  if (!gguf || !model) throw noHeader(recipe.name)
  const form = chatForm(deployment)
  const projector = ggufProjector(deployment)
  return {
    name: recipe.model.name,
    gguf: model,
    architecture: gguf.architecture,
    parameterSize: shortCount(gguf.parameterCount),
    fileType: gguf.fileType ?? 'unknown',
    ...(form.type === 'go' ? { template: form.template } : {}),
    ...optional('renderer', modelfile?.renderer),
    ...optional('parser', modelfile?.parser),
    ...optional('system', modelfile?.system),
    ...optional('parameters', modelfile?.params),
    ...optional('license', recipe.model.license),
    ...optional('projector', projector),
  }
}

/** As Ollama shows it: `134.52M`, `8.0B` (ollama format/format.go). */
export function shortCount(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)}B`
  if (count >= 1e6) return `${(count / 1e6).toFixed(2)}M`
  return count >= 1e3 ? `${(count / 1e3).toFixed(0)}K` : String(count)
}

function noHeader(name: string): PlanError {
  return new PlanError('refused', {
    attempted: `plan the Ollama store of ${name}`,
    found: 'the lock holds no GGUF header',
    hint: 'run `ingot lock --all RECIPE`: it reads the header of the weights',
  })
}
