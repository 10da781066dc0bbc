import { type MemoryFlag, uncounted } from '../memory-flags.ts'

/** Flags of the launcher of 3.3.7 that change what lies on a GPU, besides those that keys of a recipe set. */
export const memoryFlags: readonly MemoryFlag[] = [
  uncounted('more', 'heads or a model that guess ahead', ['--speculate'], ['SPECULATE']),
  uncounted('more', 'adapters beside the model', ['--lora-adapters'], ['LORA_ADAPTERS']),
  uncounted('either', 'the size of the cache', ['--max-batch-total-tokens'], ['MAX_BATCH_TOTAL_TOKENS']),
  uncounted('either', 'which CUDA graphs are captured', ['--cuda-graphs', '-c'], ['CUDA_GRAPHS']),
  uncounted(
    'either',
    'the configuration of the model',
    ['--rope-scaling', '--rope-factor'],
    ['ROPE_SCALING', 'ROPE_FACTOR'],
  ),
  uncounted('more', 'what is left free', [], ['TGI_WIGGLE_ROOM']),
]
