import { type MemoryFlag, uncounted } from '../memory-flags.ts'

/** Variables of Ollama that change what lies on a GPU, besides those that keys of a recipe set. It takes no flags. */
export const memoryFlags: readonly MemoryFlag[] = [
  uncounted('more', 'bytes that are kept free', [], ['OLLAMA_GPU_OVERHEAD']),
  uncounted('more', 'further models', [], ['OLLAMA_MAX_LOADED_MODELS']),
  {
    names: [],
    variables: ['OLLAMA_FLASH_ATTENTION'],
    means: {
      type: 'values',
      values: {
        '1': { flashAttention: true },
        true: { flashAttention: true },
        '0': { flashAttention: false },
        false: { flashAttention: false },
      },
    },
  },
  uncounted('either', 'which backend computes', [], ['OLLAMA_LLM_LIBRARY', 'OLLAMA_VULKAN']),
]
