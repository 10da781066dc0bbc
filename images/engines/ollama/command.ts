import semver from 'semver'
import type { Deployment, Refusal } from '../engine.ts'
import { gpuEnvironment, gpuRefusals } from '../gpu-support.ts'
import { formatRefusals, ggufQuantizationRefusals } from '../refusals.ts'
import { unsupportedKeys } from '../serving-keys.ts'
import { templateRefusals } from './chat-form.ts'
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
    ...requiredRefusals(deployment),
    ...partRefusals(deployment),
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
