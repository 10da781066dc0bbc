import { everyInterface, offline, type ReservedSettings, use } from '../reserved.ts'

const layers =
  'write --n-gpu-layers and the number into serving.extraArguments, which also the plan and the boot follow'
const source = use('weights.source')

/** Spellings of llama-server 0.7.0 (`--help`). Variables are read before flags; both are refused. */
export const reserved = {
  style: 'exact',
  flags: [
    { names: ['--model', '-m'], instead: source },
    { names: ['--model-url', '-mu', '--hf-repo', '-hf', '-hfr', '--hf-file', '-hff'], instead: source },
    { names: ['--docker-repo', '-dr', '--models-dir', '--models-preset'], instead: source },
    {
      names: ['--mmproj', '-mm', '--mmproj-url', '-mmu'],
      instead:
        'a projector that lies beside the model is passed already; choose it with include of weights.source',
    },
    { names: ['--alias', '-a'], instead: use('model.name') },
    { names: ['--host'], instead: everyInterface },
    { names: ['--port'], instead: use('serving.port') },
    { names: ['--parallel', '-np'], instead: use('serving.parallelism') },
    { names: ['--ctx-size', '-c'], instead: use('serving.contextLength') },
    { names: ['--cache-type-k', '-ctk', '--cache-type-v', '-ctv'], instead: use('serving.kvCacheDtype') },
    { names: ['--ubatch-size', '-ub'], instead: use('serving.maxPrefillTokens') },
    { names: ['--embeddings', '--embedding', '--reranking', '--rerank'], instead: use('model.task') },
    { names: ['--api-key', '--api-key-file'], instead: use('serving.apiKey') },
    { names: ['--split-mode', '-sm'], instead: use('serving.tensorParallel') },
    { names: ['--offline'], instead: 'it is set already; leave it out' },
    { names: ['--metrics'], instead: 'it is set already; leave it out' },
    { names: ['--no-slots', '--slots'], instead: 'the page of slots shows what others ask; it stays off' },
    { names: ['--no-webui', '--webui', '--no-ui', '--ui'], instead: 'the image serves an API and no pages' },
  ],
  variables: {
    LLAMA_API_KEY: use('serving.apiKey'),
    LLAMA_ARG_HOST: everyInterface,
    LLAMA_ARG_PORT: use('serving.port'),
    LLAMA_ARG_MODEL: source,
    LLAMA_ARG_MODEL_URL: source,
    LLAMA_ARG_HF_REPO: source,
    LLAMA_ARG_HF_FILE: source,
    LLAMA_ARG_DOCKER_REPO: source,
    LLAMA_ARG_MODELS_DIR: source,
    LLAMA_ARG_MODELS_PRESET: source,
    LLAMA_ARG_MMPROJ: source,
    LLAMA_ARG_MMPROJ_URL: source,
    LLAMA_ARG_ALIAS: use('model.name'),
    LLAMA_ARG_N_PARALLEL: use('serving.parallelism'),
    LLAMA_ARG_CTX_SIZE: use('serving.contextLength'),
    LLAMA_ARG_CACHE_TYPE_K: use('serving.kvCacheDtype'),
    LLAMA_ARG_CACHE_TYPE_V: use('serving.kvCacheDtype'),
    LLAMA_ARG_UBATCH: use('serving.maxPrefillTokens'),
    LLAMA_ARG_EMBEDDINGS: use('model.task'),
    LLAMA_ARG_RERANKING: use('model.task'),
    LLAMA_ARG_N_GPU_LAYERS: layers,
    LLAMA_ARG_SPLIT_MODE: use('serving.tensorParallel'),
    LLAMA_ARG_SSE_PING_INTERVAL: 'the time in which a stream ends at a stop follows from it; leave it out',
    MESA_SHADER_CACHE_DIR: 'compiled shaders are kept where any user may write; leave it out',
    LLAMA_ARG_OFFLINE: offline,
    LLAMA_OFFLINE: offline,
    LLAMA_ARG_ENDPOINT_METRICS: 'it is set already; leave it out',
    LLAMA_ARG_ENDPOINT_SLOTS: 'the page of slots shows what others ask; it stays off',
    LLAMA_ARG_NO_ENDPOINT_SLOTS: 'it is set already; leave it out',
    LLAMA_ARG_WEBUI: 'the image serves an API and no pages',
    LLAMA_ARG_NO_WEBUI: 'it is set already; leave it out',
  },
  kvCacheDtypes: ['f32', 'f16', 'bf16', 'q8_0', 'q4_0', 'q4_1', 'iq4_nl', 'q5_0', 'q5_1'],
} satisfies ReservedSettings
