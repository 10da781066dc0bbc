import { type CompileCacheRules, kernelCacheFolders } from '../compile-cache.ts'

/** Words of 0.32.0 and 0.33.0. "Starting torch.compile" is none of them: it is said before a cache is looked at. */
export const compileCache: CompileCacheRules = {
  folders: [
    { variable: 'VLLM_CACHE_ROOT', below: 'torch_compile_cache' },
    // What it found out about the classes of models, by the hash of their source.
    { variable: 'VLLM_CACHE_ROOT', below: 'modelinfos' },
    ...kernelCacheFolders,
  ],
  compiled: [
    'Compiling a graph for compile range',
    'Compiling model again due to a load failure',
    'saved AOT compiled function to',
  ],
  loaded: [
    'Directly load AOT compilation from path',
    'Directly load the compiled graph(s) for compile range',
  ],
  switches: [
    { variable: 'VLLM_DISABLE_COMPILE_CACHE', harmless: ['0'] },
    { variable: 'TORCHINDUCTOR_FORCE_DISABLE_CACHES', harmless: ['0'] },
  ],
  source: 'vllm/compilation/backends.py and decorators.py',
}
