import { type MemoryFlag, says, setsNumber, uncounted } from '../memory-flags.ts'

/** More layers than any model has. */
const all = 1_000_000

const flash = {
  on: { flashAttention: true },
  '1': { flashAttention: true },
  true: { flashAttention: true },
  off: { flashAttention: false },
  '0': { flashAttention: false },
  false: { flashAttention: false },
  auto: {},
}

/** Flags of llama-server 0.7.0 that change what lies on a GPU, besides those that keys of a recipe set. */
export const memoryFlags: readonly MemoryFlag[] = [
  {
    names: ['--n-gpu-layers', '--gpu-layers', '-ngl'],
    means: { type: 'number', member: 'gpuLayers', words: { all: {} } },
  },
  says({ hostExpertLayers: all }, ['--cpu-moe', '-cmoe'], ['LLAMA_ARG_CPU_MOE']),
  setsNumber('hostExpertLayers', ['--n-cpu-moe', '-ncmoe'], ['LLAMA_ARG_N_CPU_MOE']),
  says({ unifiedKv: true }, ['--kv-unified', '-kvu'], ['LLAMA_ARG_KV_UNIFIED']),
  says({ unifiedKv: false }, ['--no-kv-unified', '-no-kvu'], ['LLAMA_ARG_NO_KV_UNIFIED']),
  {
    names: ['--flash-attn', '-fa'],
    variables: ['LLAMA_ARG_FLASH_ATTN'],
    means: { type: 'values', values: flash },
  },
  uncounted(
    'either',
    'where single tensors lie',
    ['--override-tensor', '-ot'],
    ['LLAMA_ARG_OVERRIDE_TENSOR'],
  ),
  uncounted(
    'less',
    'a cache in the memory of the host',
    ['--no-kv-offload', '-nkvo'],
    ['LLAMA_ARG_NO_KV_OFFLOAD'],
  ),
  uncounted('more', 'the whole window of every layer', ['--swa-full'], ['LLAMA_ARG_SWA_FULL']),
  uncounted(
    'more',
    'a projector for images',
    ['--mmproj', '-mm', '--mmproj-url', '-mmu'],
    ['LLAMA_ARG_MMPROJ'],
  ),
  uncounted('less', 'a projector on the host', ['--no-mmproj-offload'], ['LLAMA_ARG_NO_MMPROJ_OFFLOAD']),
  uncounted(
    'more',
    'a draft model and its cache',
    [
      ...['--model-draft', '-md', '--spec-draft-model', '--hf-repo-draft', '-hfrd'],
      ...['--gpu-layers-draft', '--n-gpu-layers-draft', '-ngld'],
    ],
    ['LLAMA_ARG_MODEL_DRAFT'],
  ),
  uncounted('more', 'adapters beside the model', ['--lora', '--lora-scaled', '--control-vector']),
  uncounted('either', 'how GPUs share the model', ['--tensor-split', '-ts'], ['LLAMA_ARG_TENSOR_SPLIT']),
  uncounted(
    'either',
    'which GPUs compute',
    ['--main-gpu', '-mg', '--device', '-dev'],
    ['LLAMA_ARG_MAIN_GPU', 'LLAMA_ARG_DEVICE'],
  ),
  uncounted(
    'either',
    'settings that follow what is free',
    [...['--fit', '-fit', '--fit-target', '-fitt', '--fit-ctx', '-fitc']],
    ['LLAMA_ARG_FIT', 'LLAMA_ARG_FIT_TARGET', 'LLAMA_ARG_FIT_CTX'],
  ),
  uncounted('either', 'the configuration of the model', ['--override-kv']),
  uncounted('more', 'tokens of one image', ['--image-max-tokens'], ['LLAMA_ARG_IMAGE_MAX_TOKENS']),
]
