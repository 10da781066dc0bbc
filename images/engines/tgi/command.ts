import { checkpointDoubts, checkpointRefusals } from '../checkpoint-quantization.ts'
import type { Deployment, Refusal } from '../engine.ts'
import { flagDoubts, flagRefusals } from '../flag-names.ts'
import { gpuEnvironment, gpuRefusals } from '../gpu-support.ts'
import { modelTypeDoubts } from '../model-types.ts'
import { pythonEnvironment } from '../python-environment.ts'
import type { Quantizations } from '../quantization-table.ts'
import { quantizationDoubts } from '../quantizations.ts'
import { formatRefusals } from '../refusals.ts'
import { servingOptions, unsupportedKeys } from '../serving-keys.ts'
import { movedPython } from './imports.ts'
import { flags, modelTypes } from './names.ts'
import { partOptions, partRefusals } from './parts.ts'

/** From the launcher's own list. Kernels of the image are built for 8.0, 8.6 and 9.0; fp8 runs by Marlin on Ampere. */
const least: Quantizations['least'] = {
  awq: 8.0,
  'compressed-tensors': 8.0,
  eetq: 8.0,
  exl2: 8.0,
  gptq: 8.0,
  marlin: 8.0,
  fp8: 8.0,
  bitsandbytes: 8.0,
  'bitsandbytes-nf4': 8.0,
  'bitsandbytes-fp4': 8.0,
}

/** What its server finds out of a checkpoint by itself (`get_model` in `models/__init__.py` at db931fc). */
const checkpoints = ['gptq', 'awq', 'exl2', 'fp8', 'fbgemm_fp8', 'compressed-tensors']

const table = [{ versions: ['3.3.7'], names: Object.keys(least).sort() }]
export const quantizations: Quantizations = { least, table, checkpoints }

export function refusals(deployment: Deployment): Refusal[] {
  const { contextLength, maxInputTokens } = deployment.recipe.serving
  return [
    ...formatRefusals(deployment),
    ...gpuRefusals(deployment, quantizations),
    ...checkpointRefusals(deployment, quantizations),
    ...flagRefusals(deployment, { flags }),
    ...partRefusals(deployment),
    ...unsupportedKeys(
      deployment,
      deployment.recipe.serving.dtype === 'float32' ? { dtype: 'TGI computes in float16 or bfloat16' } : {},
    ),
    ...(contextLength !== undefined && maxInputTokens !== undefined && maxInputTokens >= contextLength
      ? [
          {
            path: 'serving.maxInputTokens',
            found: `prompts of ${maxInputTokens} tokens leave nothing of ${contextLength}`,
            hint: 'set maxInputTokens below contextLength: TGI ends at start otherwise',
          },
        ]
      : []),
  ]
}

export function doubts(deployment: Deployment): string[] {
  return [
    ...quantizationDoubts(deployment, quantizations),
    ...checkpointDoubts(deployment, quantizations),
    ...flagDoubts(deployment, { flags }),
    ...modelTypeDoubts(deployment, modelTypes),
  ]
}

export function command(deployment: Deployment): string[] {
  const { serving } = deployment.recipe
  return [
    '/usr/local/bin/text-generation-launcher',
    ...['--model-id', deployment.modelPath],
    // HOSTNAME, which container runtimes set to the container's id, would be taken for the address.
    ...['--hostname', deployment.listen.host, '--port', String(deployment.listen.port)],
    ...['--num-shard', String(serving.tensorParallel)],
    ...servingOptions(deployment, {
      dtype: '--dtype',
      quantization: '--quantize',
      kvCacheDtype: '--kv-cache-dtype',
      maxInputTokens: '--max-input-tokens',
      contextLength: '--max-total-tokens',
      maxPrefillTokens: '--max-batch-prefill-tokens',
      parallelism: '--max-batch-size',
      gpuMemoryUtilization: '--cuda-memory-fraction',
    }),
    ...partOptions(deployment),
    ...serving.extraArguments,
  ]
}

export function help(): string[] {
  return ['/usr/local/bin/text-generation-launcher', '--help']
}

export function environment(deployment: Deployment): Record<string, string> {
  const hubCache =
    deployment.recipe.weights.delivery === 'hf-cache' ? deployment.modelFolder : '/tmp/huggingface/hub'
  return {
    ...pythonEnvironment(deployment),
    ...gpuEnvironment(deployment.runtime.device),
    // The launcher starts text-generation-server by name; the image's script activates the environment for that.
    VIRTUAL_ENV: '/usr/src/.venv',
    PATH: '/usr/src/.venv/bin:/usr/local/nvidia/bin:/usr/local/cuda/bin:/usr/local/bin:/usr/bin:/bin',
    LD_LIBRARY_PATH: `/usr/local/nvidia/lib:/usr/local/nvidia/lib64:${movedPython}/cpython-3.11.11-linux-x86_64-gnu/lib`,
    USAGE_STATS: 'off',
    HUGGINGFACE_HUB_CACHE: hubCache,
    HF_KERNELS_CACHE: '/kernels',
    EXLLAMA_NO_FLASH_ATTN: '1',
  }
}
