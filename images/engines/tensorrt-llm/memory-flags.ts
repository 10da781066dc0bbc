import { type MemoryFlag, setsNumber, uncounted } from '../memory-flags.ts'

/** Flags of trtllm-serve 1.2 that change what lies on a GPU, besides those that keys of a recipe set. */
export const memoryFlags: readonly MemoryFlag[] = [
  setsNumber('pp', ['--pp_size']),
  uncounted('either', 'GPUs of other machines', ['--gpus_per_node', '--cluster_size']),
  uncounted('either', 'settings that stand in a file', ['--extra_llm_api_options', '--config']),
  uncounted('either', 'settings that stand in a file', ['--metadata_server_config_file']),
  uncounted('more', 'several answers at once', ['--max_beam_width']),
  uncounted('either', 'the type of the cache', ['--kv_cache_dtype']),
]
