import { type CompileCacheRules, kernelCacheFolders } from '../compile-cache.ts'

/** Kernels of Triton, FlashInfer and DeepGEMM. SGLang says nothing of its own about them, so the files tell alone. */
export const compileCache: CompileCacheRules = {
  folders: [...kernelCacheFolders, { variable: 'SGLANG_DG_CACHE_DIR' }],
  compiled: [],
  loaded: [],
  switches: [{ variable: 'TORCHINDUCTOR_FORCE_DISABLE_CACHES', harmless: ['0'] }],
  source: 'the environment of the image; not seen on a GPU',
}
