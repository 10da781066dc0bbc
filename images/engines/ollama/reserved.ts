import { everyInterface, offline, type ReservedSettings, use } from '../reserved.ts'

export const reserved = {
  style: 'exact',
  flags: null,
  variables: {
    OLLAMA_HOST: `${everyInterface}; ${use('serving.port')}`,
    OLLAMA_MODELS: use('weights.source'),
    OLLAMA_NOPRUNE: 'pruning would try to change the weights, which are read-only; leave it out',
    OLLAMA_NO_CLOUD: offline,
    OLLAMA_NUM_PARALLEL: use('serving.parallelism'),
    OLLAMA_CONTEXT_LENGTH: use('serving.contextLength'),
    OLLAMA_KV_CACHE_TYPE: use('serving.kvCacheDtype'),
    OLLAMA_GO_TEMPLATE: use('serving.ollamaTemplate'),
    OLLAMA_SCHED_SPREAD: use('serving.tensorParallel'),
    // Older names and those of the server inside it.
    OLLAMA_ORIGIN: everyInterface,
    LLAMA_ARG_HOST: everyInterface,
    LLAMA_ARG_PORT: use('serving.port'),
  },
  kvCacheDtypes: ['f16', 'q8_0', 'q4_0', 'f32', 'bf16'],
} satisfies ReservedSettings
