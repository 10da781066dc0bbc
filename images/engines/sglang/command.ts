import { checkpointDoubts, checkpointRefusals } from '../checkpoint-quantization.ts'
import type { Deployment, Refusal } from '../engine.ts'
import { type EngineNames, nameDoubts, nameRefusals } from '../engine-names.ts'
import { gpuEnvironment, gpuRefusals } from '../gpu-support.ts'
import { harmonyEnvironment, harmonyHint, lacksHarmony } from '../harmony.ts'
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

/** Lowest compute capability by name; general knowledge of its kernels, unconfirmed. */
const least: Quantizations['least'] = {
  awq: 7.5,
  awq_marlin: 8.0,
  gptq: 7.5,
  gptq_marlin: 8.0,
  fp8: 8.0,
  w8a8_int8: 8.0,
  w8a8_fp8: 8.9,
  'compressed-tensors': 8.0,
  bitsandbytes: 7.5,
  modelopt: 8.9,
  modelopt_fp4: 10.0,
  mxfp4: 9.0,
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
      maxInputTokens: 'SGLang limits prompt and answer together: use contextLength',
    }),
  ]
}

/** Its chat needs no vocabulary of harmony, its Responses API does (entrypoints/harmony_utils.py of 0.5.23). */
export function doubts(deployment: Deployment): string[] {
  const responses = `/v1/responses cannot answer offline: gpt-oss needs a vocabulary that openai-harmony fetches; ${harmonyHint}`
  return [
    ...quantizationDoubts(deployment, quantizations),
    ...checkpointDoubts(deployment, quantizations),
    ...nameDoubts(deployment, names),
    ...(lacksHarmony(deployment) ? [responses] : []),
  ]
}

export function command(deployment: Deployment): string[] {
  const { serving, model } = deployment.recipe
  return [
    ...[pythonOf(deployment), '-m', 'sglang.launch_server'],
    ...['--model-path', deployment.modelPath],
    ...['--served-model-name', model.name],
    ...['--host', deployment.listen.host, '--port', String(deployment.listen.port)],
    ...['--dtype', serving.dtype],
    ...servingOptions(deployment, {
      contextLength: '--context-length',
      parallelism: '--max-running-requests',
      maxPrefillTokens: '--max-prefill-tokens',
      quantization: '--quantization',
      kvCacheDtype: '--kv-cache-dtype',
      tensorParallel: '--tp-size',
      gpuMemoryUtilization: '--mem-fraction-static',
    }),
    ...(generates(deployment.tasks) ? [] : ['--is-embedding']),
    '--enable-metrics',
    ...partOptions(deployment),
    ...settingOptions(deployment, modelSettings),
    ...serving.extraArguments,
  ]
}

export function help(deployment: Deployment): string[] {
  return [pythonOf(deployment), '-m', 'sglang.launch_server', '--help']
}

export function environment(deployment: Deployment): Record<string, string> {
  return {
    ...pythonEnvironment(deployment),
    ...gpuEnvironment(deployment.runtime.device),
    ...harmonyEnvironment(deployment),
    SGLANG_CACHE_DIR: '/tmp/sglang',
    // Its name is unconfirmed; DG_JIT_CACHE_DIR is set as well.
    SGLANG_DG_CACHE_DIR: '/tmp/deep-gemm',
  }
}
