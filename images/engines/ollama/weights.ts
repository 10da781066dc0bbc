import type { GgufFacts } from '../../../recipes/lock.ts'
import { PlanError } from '../../error.ts'
import type { WeightEntry } from '../../weights/layers.ts'
import type { Deployment, Refusal, WeightsLayout } from '../engine.ts'
import { ggufModels, ggufProjector } from '../refusals.ts'
import { type OllamaModel, ollamaStoreEntries } from './store.ts'
import { type OllamaTemplate, ollamaTemplateFor } from './template.ts'

/** Its store holds a model as one blob, so nothing is split for it. */
export const weights: WeightsLayout = { type: 'store', entries: ollamaStore }

/** The store that OLLAMA_MODELS names, with the deployment's one model. Throws `refused` for a lock without a GGUF header. */
function ollamaStore(deployment: Deployment): WeightEntry[] {
  return ollamaStoreEntries(ollamaModel(deployment), deployment.modelFolder)
}

/** Without a template Ollama 0.17.4 sends the raw prompt and answers nothing, as was seen here, so one must be known. */
export function templateRefusals({ gguf, recipe }: Deployment): Refusal[] {
  if (gguf === null || recipe.weights.delivery !== 'baked' || templateOf(gguf)) return []
  return [
    {
      path: 'weights.source',
      found:
        gguf.chatTemplate === undefined
          ? 'the GGUF has no chat template'
          : 'its chat template is not known in Ollama’s form',
      hint: 'use an instruction-tuned GGUF, or serve it with llama-cpp, which runs templates as they are',
    },
  ]
}

function ollamaModel(deployment: Deployment): OllamaModel {
  const { gguf, recipe } = deployment
  const [model] = ggufModels(deployment)
  const template = gguf && templateOf(gguf)
  if (!gguf || !template || !model) throw noHeader(recipe.name)
  const projector = ggufProjector(deployment)
  return {
    name: recipe.model.name,
    gguf: model,
    architecture: gguf.architecture,
    parameterSize: shortCount(gguf.parameterCount),
    fileType: gguf.fileType ?? 'unknown',
    template,
    ...(recipe.model.license === undefined ? {} : { license: recipe.model.license }),
    ...(projector === undefined ? {} : { projector }),
  }
}

function templateOf({ chatTemplate, bosToken, eosToken }: GgufFacts): OllamaTemplate | undefined {
  if (chatTemplate === undefined) return undefined
  return ollamaTemplateFor({
    text: chatTemplate,
    ...(bosToken === undefined ? {} : { bosToken }),
    ...(eosToken === undefined ? {} : { eosToken }),
  })
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
    found: 'the lock holds no GGUF header with a chat template',
    hint: 'run `ingot lock --all RECIPE`: it reads the header of the weights',
  })
}
