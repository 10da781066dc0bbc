import { optional } from '../../../lib/optional.ts'
import { PlanError } from '../../error.ts'
import type { WeightEntry } from '../../weights/layers.ts'
import type { Deployment, WeightsLayout } from '../engine.ts'
import { ggufModels } from '../refusals.ts'
import { chatForm, isProjector } from './chat-form.ts'
import { type OllamaModel, ollamaStoreEntries } from './store.ts'

/** Its store holds a model as one blob, so nothing is split for it. */
export const weights: WeightsLayout = { type: 'store', entries: ollamaStore }

/** The store that OLLAMA_MODELS names, with the deployment's one model. Throws `refused` for a lock without a GGUF header. */
function ollamaStore(deployment: Deployment): WeightEntry[] {
  return ollamaStoreEntries(ollamaModel(deployment), deployment.modelFolder)
}

function ollamaModel(deployment: Deployment): OllamaModel {
  const { gguf, files, recipe, modelfile } = deployment
  const [model] = ggufModels(files)
  if (!gguf || !model) throw noHeader(recipe.name)
  const form = chatForm(deployment)
  const projector = files.find(({ path }) => isProjector(path))
  return {
    name: recipe.model.name,
    gguf: model,
    architecture: gguf.architecture,
    parameterSize: shortCount(gguf.parameterCount),
    fileType: gguf.fileType ?? 'unknown',
    ...(form.type === 'go' ? { template: form.template } : {}),
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
