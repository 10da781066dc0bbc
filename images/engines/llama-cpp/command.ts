import type { Deployment, Refusal } from '../engine.ts'
import { gpuEnvironment, gpuRefusals } from '../gpu-support.ts'
import { formatRefusals, ggufModels, ggufProjector, ggufQuantizationRefusals } from '../refusals.ts'
import { option, unsupportedKeys } from '../serving-keys.ts'
import { vulkanEnvironment } from './vulkan.ts'

export function refusals(deployment: Deployment): Refusal[] {
  return [
    ...formatRefusals(deployment),
    ...gpuRefusals(deployment, null),
    ...unsupportedKeys(deployment, {
      dtype: 'the types of a GGUF are fixed in the file; leave dtype at auto',
      gpuMemoryUtilization: 'llama.cpp fits itself into what is free; limit contextLength or parallelism',
      maxInputTokens: 'llama.cpp limits prompt and answer together: use contextLength',
    }),
    ...ggufQuantizationRefusals(deployment),
  ]
}

export function command(deployment: Deployment): string[] {
  const { serving, model } = deployment.recipe
  const { kind, device } = deployment.runtime
  const perSlot = serving.contextLength
  const projector = ggufProjector(deployment)
  return [
    kind === 'upstream' ? '/app/llama-server' : '/usr/bin/llama-server',
    // It finds the other shards of a split model by name.
    ...['--model', `${deployment.modelPath}/${ggufModels(deployment)[0]?.path}`],
    ...option('--mmproj', projector && `${deployment.modelPath}/${projector.path}`),
    ...['--alias', model.name],
    ...['--host', '0.0.0.0', '--port', String(deployment.port)],
    ...['--parallel', String(serving.parallelism)],
    ...option('--ctx-size', perSlot === undefined ? undefined : perSlot * serving.parallelism),
    ...option('--cache-type-k', serving.kvCacheDtype),
    ...option('--cache-type-v', serving.kvCacheDtype),
    ...option('--ubatch-size', serving.maxPrefillTokens),
    ...(device !== 'cpu' && gpuLayersOf(deployment) === null ? ['--n-gpu-layers', '999'] : []),
    ...(serving.tensorParallel > 1 ? ['--split-mode', 'row'] : []),
    '--offline',
    '--metrics',
    '--no-slots',
    '--no-webui',
    ...serving.extraArguments,
  ]
}

/** What a recipe's own arguments ask of the GPU: a number or a word; null where they ask nothing. */
export function gpuLayersOf({ recipe }: Deployment): string | null {
  const items = recipe.serving.extraArguments
  const at = items.findLastIndex((item) => ['--n-gpu-layers', '--gpu-layers', '-ngl'].includes(item))
  return at < 0 ? null : (items[at + 1] ?? '')
}

export function environment({ recipe, gpu, runtime, init }: Deployment): Record<string, string> {
  return {
    ...gpuEnvironment(runtime.device),
    ...(runtime.device === 'vulkan' ? vulkanEnvironment(recipe, gpu) : {}),
    // By default, 3, it does not say what it computes on. No prompt is in what 4 adds (measured, 0.7.0).
    ...(runtime.device === 'cpu' ? {} : { LLAMA_ARG_LOG_VERBOSITY: '4' }),
    LLAMA_CACHE: '/tmp/llama.cpp',
    CUDA_CACHE_PATH: '/tmp/nv',
    // A stream that is stopped ends with the next ping: 30 s by default, beyond the grace.
    ...(init.length > 0 ? {} : { LLAMA_ARG_SSE_PING_INTERVAL: '2' }),
  }
}
