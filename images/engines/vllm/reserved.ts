import { everyInterface, offline, type ReservedSettings, settingsInFile, use } from '../reserved.ts'

/** Spellings of vLLM 0.31 to 0.33. */
export const reserved = {
  style: 'argparse',
  flags: [
    { names: ['--model', '--model-tag'], instead: use('weights.source') },
    { names: ['--served-model-name'], instead: use('model.name') },
    { names: ['--config'], instead: settingsInFile },
    { names: ['--host', '--uds'], instead: everyInterface },
    { names: ['--port'], instead: use('serving.port') },
    { names: ['--runner', '--task'], instead: use('model.task') },
    { names: ['--api-key'], instead: use('serving.apiKey') },
    { names: ['--dtype'], instead: use('serving.dtype') },
    { names: ['--max-model-len'], instead: use('serving.contextLength') },
    { names: ['--max-num-seqs'], instead: use('serving.parallelism') },
    { names: ['--max-num-batched-tokens'], instead: use('serving.maxPrefillTokens') },
    { names: ['--quantization', '-q'], instead: use('serving.quantization') },
    { names: ['--kv-cache-dtype'], instead: use('serving.kvCacheDtype') },
    { names: ['--tensor-parallel-size', '-tp'], instead: use('serving.tensorParallel') },
    {
      names: ['--gpu-memory-utilization', '--device-memory-utilization'],
      instead: use('serving.gpuMemoryUtilization'),
    },
    {
      names: ['--enforce-eager', '--no-enforce-eager'],
      instead: 'an image for CPUs has no compiler, so nothing is compiled at start; it is set already',
      device: 'cpu',
    },
  ],
  variables: {
    VLLM_API_KEY: use('serving.apiKey'),
    VLLM_PORT: `${use('serving.port')}; VLLM_PORT is a port between workers`,
    VLLM_HOST_IP: everyInterface,
    VLLM_NO_USAGE_STATS: offline,
    VLLM_DO_NOT_TRACK: offline,
    VLLM_USAGE_STATS_SERVER: offline,
  },
  kvCacheDtypes: [
    'auto',
    'float16',
    'bfloat16',
    'fp8',
    'fp8_e4m3',
    'fp8_e5m2',
    'fp8_inc',
    'fp8_ds_mla',
    'fp8_per_token_head',
    'int8_per_token_head',
    'nvfp4',
  ],
} satisfies ReservedSettings
