import type { Deployment, Refusal } from '../engine.ts'
import { type FlagNames, flagDoubts, flagRefusals } from '../flag-names.ts'
import { gpuEnvironment, gpuRefusals } from '../gpu-support.ts'
import { workerAddresses } from '../machines.ts'
import { formatRefusals, ggufQuantizationRefusals } from '../refusals.ts'
import { option, unsupportedKeys } from '../serving-keys.ts'
import { templateRefusals } from '../skill-refusals.ts'
import { machines } from './machines.ts'
import { flags, variables } from './names.ts'
import { hasRouter, modelOptions, partRefusals, projectorOf } from './parts.ts'
import { rocmEnvironment } from './rocm.ts'
import { taskOptions } from './task-options.ts'
import { vulkanEnvironment } from './vulkan.ts'

const names: FlagNames = { flags, variables: { prefix: 'LLAMA_ARG_', names: variables } }

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
    ...partRefusals(deployment),
    ...rerankRefusals(deployment),
    ...templateRefusals(deployment),
    ...visionRefusals(deployment),
    ...flagRefusals(deployment, names),
  ]
}

/** It starts `--reranking` with any model, and the scores of one that was not made for it look like others. */
function rerankRefusals({ tasks, gguf }: Deployment): Refusal[] {
  if (!tasks.includes('rerank') || gguf?.pooling === 'rank') return []
  return [
    {
      path: 'model.task',
      found: `rerank, and the header of the file pools ${gguf?.pooling ?? 'nothing that the lock knows of'}: it is no reranker`,
      hint: 'take the GGUF of a reranker, whose header says pooling_type 4; `ingot lock` reads it again where the lock is older',
    },
  ]
}

function visionRefusals(deployment: Deployment): Refusal[] {
  if (!deployment.tasks.includes('vision') || projectorOf(deployment) !== undefined) return []
  return [
    {
      path: 'model.task',
      found: 'vision, and no projector turns pictures into what the model reads',
      hint: 'take the mmproj file beside the model as well, or name one in parts with role projector',
    },
  ]
}

export function doubts(deployment: Deployment): string[] {
  return [...poolingDoubts(deployment), ...flagDoubts(deployment, names)]
}

function poolingDoubts({ tasks, gguf, recipe }: Deployment): string[] {
  const isUnpooled = gguf?.pooling === undefined || gguf.pooling === 'none'
  if (!tasks.includes('embedding') || !isUnpooled || recipe.serving.extraArguments.includes('--pooling'))
    return []
  return [
    'the header of the model names no pooling, so vectors are the mean of all tokens; --pooling in serving.extraArguments says otherwise',
  ]
}

export function command(deployment: Deployment): string[] {
  const { serving } = deployment.recipe
  const perSlot = serving.contextLength
  return [
    serverOf(deployment),
    ...modelOptions(deployment),
    ...['--host', deployment.listen.host, '--port', String(deployment.listen.port)],
    ...['--parallel', String(serving.parallelism)],
    ...option('--ctx-size', perSlot === undefined ? undefined : perSlot * serving.parallelism),
    ...option('--cache-type-k', serving.kvCacheDtype),
    ...option('--cache-type-v', serving.kvCacheDtype),
    ...option('--ubatch-size', serving.maxPrefillTokens),
    ...(hasRouter(deployment) ? [] : taskOptions(deployment, deployment)),
    ...(hasDevices(deployment) && gpuLayersOf(deployment) === null ? ['--n-gpu-layers', '999'] : []),
    ...(serving.tensorParallel > 1 ? ['--split-mode', 'row'] : []),
    '--offline',
    '--metrics',
    '--no-slots',
    '--no-webui',
    ...serving.extraArguments,
  ]
}

/** Cards, or workers on other machines, which are devices to it as well. */
function hasDevices({ runtime, recipe }: Deployment): boolean {
  return runtime.device !== 'cpu' || recipe.serving.nodes > 1
}

/** What a recipe's own arguments ask of the GPU: a number or a word; null where they ask nothing. */
export function gpuLayersOf({ recipe }: Deployment): string | null {
  const items = recipe.serving.extraArguments
  const at = items.findLastIndex((item) => ['--n-gpu-layers', '--gpu-layers', '-ngl'].includes(item))
  return at < 0 ? null : (items[at + 1] ?? '')
}

function serverOf({ runtime }: Deployment): string {
  return runtime.kind === 'upstream' ? '/app/llama-server' : '/usr/bin/llama-server'
}

export function help(deployment: Deployment): string[] {
  return [serverOf(deployment), '--help']
}

export function environment(deployment: Deployment): Record<string, string> {
  const { recipe, gpu, runtime, init } = deployment
  const { nodes } = recipe.serving
  return {
    ...(nodes > 1 ? { [machines.variable]: workerAddresses(nodes, machines.port) } : {}),
    ...gpuEnvironment(runtime.device),
    ...(runtime.device === 'vulkan' ? vulkanEnvironment(recipe, gpu) : {}),
    ...(runtime.device === 'rocm' ? rocmEnvironment : {}),
    // By default, 3, it does not say what it computes on. No prompt is in what 4 adds (measured, 0.7.0).
    ...(hasDevices(deployment) ? { LLAMA_ARG_LOG_VERBOSITY: '4' } : {}),
    LLAMA_CACHE: '/tmp/llama.cpp',
    CUDA_CACHE_PATH: '/tmp/nv',
    // A stream that is stopped ends with the next ping: 30 s by default, beyond the grace.
    ...(init.length > 0 ? {} : { LLAMA_ARG_SSE_PING_INTERVAL: '2' }),
  }
}
