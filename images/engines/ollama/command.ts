import semver from 'semver'
import type { Deployment, Refusal } from '../engine.ts'
import { gpuEnvironment, gpuRefusals } from '../gpu-support.ts'
import { formatRefusals, ggufQuantizationRefusals } from '../refusals.ts'
import { unsupportedKeys } from '../serving-keys.ts'
import { offers, templateRefusals } from './chat-form.ts'
import { loadedModels, partRefusals } from './parts.ts'

/** Where the recipe names none. */
export const usualContextLength = 4096

export function refusals(deployment: Deployment): Refusal[] {
  const { recipe } = deployment
  return [
    ...formatRefusals(deployment),
    ...gpuRefusals(deployment, null),
    ...unsupportedKeys(deployment, {
      dtype: 'the types of a GGUF are fixed in the file; leave dtype at auto',
      gpuMemoryUtilization:
        'Ollama takes what the model needs; environment OLLAMA_GPU_OVERHEAD keeps bytes free',
      maxInputTokens: 'Ollama limits prompt and answer together: use contextLength',
      maxPrefillTokens: 'Ollama has no server-wide setting for it; clients send num_batch',
    }),
    ...(recipe.weights.delivery === 'hf-cache'
      ? [
          {
            path: 'weights.delivery',
            found: 'hf-cache: Ollama reads a store of its own',
            hint: 'use baked, or mounted with a store that `ollama pull` has made',
          },
        ]
      : []),
    ...(recipe.serving.extraArguments.length > 0
      ? [
          {
            path: 'serving.extraArguments',
            found: '`ollama serve` takes no arguments',
            hint: 'its settings are variables: use serving.environment',
          },
        ]
      : []),
    ...ggufQuantizationRefusals(deployment),
    ...templateRefusals(deployment),
    ...skillRefusals(deployment),
    ...requiredRefusals(deployment),
    ...partRefusals(deployment),
  ]
}

/** It answers 400 to tools that the template of the model has no word for, and to pictures without a projector. */
function skillRefusals(deployment: Deployment): Refusal[] {
  const { tasks, recipe, modelfile } = deployment
  const isOurs = recipe.weights.delivery === 'baked' || recipe.weights.delivery === 'artifact'
  // A manifest of Ollama's own may name a renderer with tools, and a projector by its digest: the boot tells.
  if (!isOurs || modelfile !== null) return []
  const offered = offers(deployment)
  return [
    ...(tasks.includes('tools') && !offered.includes('tools')
      ? [
          {
            path: 'model.task',
            found:
              'tools, and the chat template of the model knows none: Ollama refuses what a client offers',
            hint: 'write one with .Tools into serving.ollamaTemplate, or take another model',
          },
        ]
      : []),
    ...(tasks.includes('vision') && !offered.includes('vision')
      ? [
          {
            path: 'model.task',
            found: 'vision, and no projector turns pictures into what the model reads',
            hint: 'take the mmproj file beside the model as well, or name one in parts with role projector',
          },
        ]
      : []),
  ]
}

export function doubts({ tasks }: Deployment): string[] {
  if (!tasks.includes('tools')) return []
  return [
    'Ollama reads no tool_choice, so no client can require a call and no boot has seen one forced: it saw what the model does of itself',
  ]
}

/** A manifest says which version of Ollama its renderer and its architecture came with. */
function requiredRefusals({ modelfile, version }: Deployment): Refusal[] {
  const [needed, has] = [semver.coerce(modelfile?.requires), semver.coerce(version)]
  if (needed === null || has === null || semver.gte(has, needed)) return []
  return [
    {
      path: 'engine.version',
      found: `the model asks for Ollama ${needed.version} or newer, and the lock has ${version}`,
      hint: `set engine.version to >=${needed.version}, or take an older model`,
    },
  ]
}

export function command(): string[] {
  return ['/bin/ollama', 'serve']
}

export function help(): null {
  return null
}

export function environment(deployment: Deployment): Record<string, string> {
  const { recipe, runtime, modelFolder, listen } = deployment
  const { serving } = recipe
  return {
    ...gpuEnvironment(runtime.device),
    OLLAMA_HOST: `${listen.host}:${listen.port}`,
    OLLAMA_MODELS: modelFolder,
    // Pruning removes empty folders, and one it may not remove ends the server.
    OLLAMA_NOPRUNE: '1',
    // No look-up of recommended models, no telemetry.
    OLLAMA_NO_CLOUD: '1',
    OLLAMA_KEEP_ALIVE: '-1',
    OLLAMA_MAX_LOADED_MODELS: String(loadedModels(deployment)),
    OLLAMA_NUM_PARALLEL: String(serving.parallelism),
    // Its own default follows the GPU's memory, from 4096 to 262144: answers would differ by machine.
    OLLAMA_CONTEXT_LENGTH: String(serving.contextLength ?? usualContextLength),
    ...(serving.kvCacheDtype === undefined
      ? {}
      : { OLLAMA_KV_CACHE_TYPE: serving.kvCacheDtype, OLLAMA_FLASH_ATTENTION: '1' }),
    // Where the GGUF's own template offers more, Ollama would take that one.
    ...(serving.ollamaTemplate === undefined ? {} : { OLLAMA_GO_TEMPLATE: '1' }),
    ...(serving.tensorParallel > 1 ? { OLLAMA_SCHED_SPREAD: '1' } : {}),
  }
}
