import { everyInterface, offline, type ReservedSettings, use } from '../reserved.ts'

/** Spellings of trtllm-serve 1.2. */
export const reserved = {
  style: 'getopt',
  flags: [
    { names: ['--backend'], instead: 'the image serves by its PyTorch backend; leave it out' },
    { names: ['--served_model_name'], instead: use('model.name') },
    { names: ['--host'], instead: everyInterface },
    { names: ['--port'], instead: use('serving.port') },
    { names: ['--max_seq_len'], instead: use('serving.contextLength') },
    { names: ['--max_batch_size'], instead: use('serving.parallelism') },
    { names: ['--max_num_tokens'], instead: use('serving.maxPrefillTokens') },
    { names: ['--tp_size'], instead: use('serving.tensorParallel') },
    {
      names: ['--kv_cache_free_gpu_memory_fraction', '--free_gpu_memory_fraction'],
      instead: use('serving.gpuMemoryUtilization'),
    },
  ],
  variables: { TRTLLM_NO_USAGE_STATS: offline },
  kvCacheDtypes: null,
} satisfies ReservedSettings
