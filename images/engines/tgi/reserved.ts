import { everyInterface, offline, type ReservedSettings, use } from '../reserved.ts'

/** Spellings of the launcher of 3.3.7 (its source at db931fc). Each flag is also a variable of its name. */
export const reserved = {
  style: 'getopt',
  flags: [
    { names: ['--model-id'], instead: use('weights.source') },
    { names: ['--hostname'], instead: everyInterface },
    { names: ['--port', '-p'], instead: use('serving.port') },
    { names: ['--num-shard', '--sharded'], instead: use('serving.tensorParallel') },
    { names: ['--dtype'], instead: use('serving.dtype') },
    { names: ['--quantize'], instead: use('serving.quantization') },
    { names: ['--kv-cache-dtype'], instead: use('serving.kvCacheDtype') },
    { names: ['--max-input-tokens', '--max-input-length'], instead: use('serving.maxInputTokens') },
    { names: ['--max-total-tokens'], instead: use('serving.contextLength') },
    { names: ['--max-batch-prefill-tokens'], instead: use('serving.maxPrefillTokens') },
    { names: ['--max-batch-size'], instead: use('serving.parallelism') },
    { names: ['--cuda-memory-fraction'], instead: use('serving.gpuMemoryUtilization') },
    { names: ['--usage-stats'], instead: offline },
  ],
  variables: {
    API_KEY: use('serving.apiKey'),
    MODEL_ID: use('weights.source'),
    NUM_SHARD: use('serving.tensorParallel'),
    SHARDED: use('serving.tensorParallel'),
    DTYPE: use('serving.dtype'),
    QUANTIZE: use('serving.quantization'),
    KV_CACHE_DTYPE: use('serving.kvCacheDtype'),
    MAX_INPUT_TOKENS: use('serving.maxInputTokens'),
    MAX_INPUT_LENGTH: use('serving.maxInputTokens'),
    MAX_TOTAL_TOKENS: use('serving.contextLength'),
    MAX_BATCH_PREFILL_TOKENS: use('serving.maxPrefillTokens'),
    MAX_BATCH_SIZE: use('serving.parallelism'),
    CUDA_MEMORY_FRACTION: use('serving.gpuMemoryUtilization'),
    USAGE_STATS: offline,
  },
  kvCacheDtypes: ['fp8_e4m3fn', 'fp8_e5m2'],
} satisfies ReservedSettings
