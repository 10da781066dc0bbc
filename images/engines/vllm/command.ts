import { isMistral } from '../../../recipes/model-facts/mistral.ts'
import { checkpointDoubts, checkpointRefusals } from '../checkpoint-quantization.ts'
import type { Deployment, Refusal } from '../engine.ts'
import { type EngineNames, nameDoubts, nameRefusals } from '../engine-names.ts'
import { gpuEnvironment, gpuRefusals } from '../gpu-support.ts'
import { settingOptions } from '../model-settings.ts'
import { pythonEnvironment, pythonOf } from '../python-environment.ts'
import type { Quantizations } from '../quantization-table.ts'
import { quantizationDoubts } from '../quantizations.ts'
import { formatRefusals } from '../refusals.ts'
import { servingOptions, unsupportedKeys } from '../serving-keys.ts'
import { parserRefusals } from '../skill-refusals.ts'
import { generates } from '../tasks.ts'
import { flags } from './flags.ts'
import { modelSettings } from './model-settings.ts'
import { reasoningParsers, toolCallParsers } from './names.ts'
import { partOptions, partRefusals } from './parts.ts'
import { quantizationTable } from './quantizations.ts'

/**
 * Lowest compute capability by name. From vLLM's table of supported hardware; where a kernel for newer GPUs has a
 * slower form for older ones (fp8 by Marlin on Ampere) the older one counts. Unconfirmed against 0.32.
 */
const least: Quantizations['least'] = {
  gptq: 7.5,
  gptq_marlin: 8.0,
  awq: 7.5,
  awq_marlin: 8.0,
  fp8: 8.0,
  'compressed-tensors': 7.5,
  bitsandbytes: 7.5,
  modelopt: 8.9,
  modelopt_fp4: 10.0,
  mxfp4: 8.0,
}

export const quantizations: Quantizations = { least, table: quantizationTable }

const names: EngineNames = { toolCallParsers, reasoningParsers, flags }

export function refusals(deployment: Deployment): Refusal[] {
  return [
    ...formatRefusals(deployment),
    ...gpuRefusals(deployment, quantizations),
    ...checkpointRefusals(deployment, quantizations),
    ...nameRefusals(deployment, names),
    ...partRefusals(deployment),
    ...parserRefusals(deployment),
    ...unsupportedKeys(deployment, {
      maxInputTokens: 'vLLM limits prompt and answer together: use contextLength',
      ...(deployment.runtime.device === 'cpu'
        ? {
            gpuMemoryUtilization: 'on a CPU the cache is set in GiB: environment VLLM_CPU_KVCACHE_SPACE',
          }
        : {}),
    }),
  ]
}

export function doubts(deployment: Deployment): string[] {
  return [
    ...quantizationDoubts(deployment, quantizations),
    ...checkpointDoubts(deployment, quantizations),
    ...nameDoubts(deployment, names),
  ]
}

export function command(deployment: Deployment): string[] {
  const { serving, model } = deployment.recipe
  return [
    ...[pythonOf(deployment), '-m', 'vllm.entrypoints.cli.main', 'serve', deployment.modelPath],
    ...['--served-model-name', model.name],
    ...['--host', deployment.listen.host, '--port', String(deployment.listen.port)],
    ...['--dtype', serving.dtype],
    ...servingOptions(deployment, {
      contextLength: '--max-model-len',
      parallelism: '--max-num-seqs',
      maxPrefillTokens: '--max-num-batched-tokens',
      quantization: '--quantization',
      kvCacheDtype: '--kv-cache-dtype',
      tensorParallel: '--tensor-parallel-size',
      gpuMemoryUtilization: '--gpu-memory-utilization',
    }),
    ...mistralOptions(deployment),
    ...(generates(deployment.tasks) ? [] : ['--runner', 'pooling']),
    ...partOptions(deployment),
    ...settingOptions(deployment, modelSettings),
    // Without a compiler in the image nothing is compiled at start.
    ...(deployment.runtime.device === 'cpu' && !deployment.recipe.image.compileCache
      ? ['--enforce-eager']
      : []),
    ...serving.extraArguments,
  ]
}

/** A model in Mistral's own form alone; what the recipe gives itself stays. */
function mistralOptions({ files, recipe }: Deployment): string[] {
  if (!isMistral(files.map(({ path }) => path))) return []
  const given = recipe.serving.extraArguments
  return ['--tokenizer-mode', '--config-format', '--load-format']
    .filter((flag) => !given.some((argument) => argument.replaceAll('_', '-').split('=')[0] === flag))
    .flatMap((flag) => [flag, 'mistral'])
}

export function help(deployment: Deployment): string[] {
  return [pythonOf(deployment), '-m', 'vllm.entrypoints.cli.main', 'serve', '--help=all']
}

export function environment(deployment: Deployment): Record<string, string> {
  return {
    ...pythonEnvironment(deployment),
    ...gpuEnvironment(deployment.runtime.device),
    VLLM_CACHE_ROOT: '/tmp/vllm',
    VLLM_CONFIG_ROOT: '/tmp/vllm-config',
    // Unconfirmed; DO_NOT_TRACK, which every image sets, is documented.
    VLLM_NO_USAGE_STATS: '1',
    // In a container the CPUs of the machine are not all ours, so no thread is bound to one.
    ...(deployment.runtime.device === 'cpu'
      ? { VLLM_CPU_KVCACHE_SPACE: '1', VLLM_CPU_OMP_THREADS_BIND: 'nobind', ...cpuCompiling(deployment) }
      : {}),
  }
}

/**
 * On a CPU vLLM cannot load what it compiled ahead of time: it calls `finalize_loading` of torch's own object, which has
 * none, and compiles again (vllm/compilation/decorators.py of 0.32.0 and 0.33.0, torch/_dynamo/aot_compile_types.py of
 * 2.13.0). Without it, inductor's cache of graphs and libraries is used.
 */
function cpuCompiling({ recipe }: Deployment): Record<string, string> {
  return recipe.image.compileCache ? { VLLM_USE_AOT_COMPILE: '0' } : {}
}
