import { checkpointDoubts } from '../checkpoint-quantization.ts'
import type { Deployment, Refusal } from '../engine.ts'
import { gpuEnvironment, gpuRefusals } from '../gpu-support.ts'
import { harmonyEnvironment, harmonyHint, lacksHarmony } from '../harmony.ts'
import { settingOptions } from '../model-settings.ts'
import { pythonEnvironment } from '../python-environment.ts'
import type { Quantizations } from '../quantization-table.ts'
import { quantizationDoubts } from '../quantizations.ts'
import { formatRefusals } from '../refusals.ts'
import { servingOptions, unsupportedKeys } from '../serving-keys.ts'
import { modelSettings } from './model-settings.ts'

/** A statement about the checkpoint, whose own configuration decides; the numbers are general knowledge, unconfirmed. */
const least: Quantizations['least'] = {
  ...{ fp8: 8.9, nvfp4: 10.0, awq: 8.0, w4a16_awq: 8.0, w4a8_awq: 8.9 },
  // What its documentation names for checkpoints of ModelOpt and of gpt-oss.
  ...{ modelopt: 8.9, mxfp4: 9.0 },
}

/** Nobody read which methods 1.2.1 has: its wheel is in no index, so another name is a doubt and no fault. */
export const quantizations: Quantizations = { least, table: [] }

export function refusals(deployment: Deployment): Refusal[] {
  return [
    ...formatRefusals(deployment),
    ...gpuRefusals(deployment, quantizations),
    ...unsupportedKeys(deployment, {
      dtype: 'TensorRT-LLM takes the type of the checkpoint; leave dtype at auto',
      maxInputTokens: 'the limit of prompts is part of contextLength here',
      kvCacheDtype:
        'it is set in a YAML file for --extra_llm_api_options: mount one and name it in extraArguments',
    }),
    ...(lacksHarmony(deployment)
      ? [
          {
            path: 'weights.source',
            found:
              'gpt-oss without the vocabulary that openai-harmony fetches at start, and images are offline',
            hint: harmonyHint,
          },
        ]
      : []),
  ]
}

export function doubts(deployment: Deployment): string[] {
  return [...quantizationDoubts(deployment, quantizations), ...checkpointDoubts(deployment, quantizations)]
}

export function command(deployment: Deployment): string[] {
  const { serving, model } = deployment.recipe
  return [
    // The path of the script is unconfirmed; NGC's images install scripts there.
    ...['/usr/local/bin/trtllm-serve', deployment.modelPath],
    ...['--backend', 'pytorch'],
    ...['--served_model_name', model.name],
    ...['--host', deployment.listen.host, '--port', String(deployment.listen.port)],
    ...servingOptions(deployment, {
      contextLength: '--max_seq_len',
      parallelism: '--max_batch_size',
      maxPrefillTokens: '--max_num_tokens',
      tensorParallel: '--tp_size',
      gpuMemoryUtilization: '--kv_cache_free_gpu_memory_fraction',
    }),
    ...settingOptions(deployment, modelSettings),
    ...serving.extraArguments,
  ]
}

export function help(): string[] {
  return ['/usr/local/bin/trtllm-serve', '--help']
}

export function environment(deployment: Deployment): Record<string, string> {
  return {
    ...pythonEnvironment(deployment),
    ...gpuEnvironment(deployment.runtime.device),
    ...harmonyEnvironment(deployment),
    // On by default, and off by itself under CI, where it would never be noticed (TensorRT-LLM#12384).
    TRTLLM_NO_USAGE_STATS: '1',
    // Where OpenMPI keeps the files of its session (unconfirmed; /tmp is its default).
    OMPI_MCA_orte_tmpdir_base: '/tmp',
  }
}
