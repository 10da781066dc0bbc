/** What an engine compiles when it starts, where it lies, and how its log tells. Absent where it compiles nothing, or nobody looked. */
export interface CompileCacheRules {
  /** Variables of the image that name folders of its compilers; `below` is the part of such a folder that is taken. */
  folders: readonly { variable: string; below?: string }[]
  /** Words of its log when it compiles. */
  compiled: readonly string[]
  /** Words of its log when it loads what was compiled before. */
  loaded: readonly string[]
  /** Variables that switch its cache off, with the values that do not. */
  switches: readonly { variable: string; harmless: readonly string[] }[]
  /** Where all of this was read. */
  source: string
}

/** Folders of the compilers that Python engines share, as `pythonEnvironment` names them. */
export const kernelCacheFolders: CompileCacheRules['folders'] = [
  { variable: 'TORCHINDUCTOR_CACHE_DIR' },
  { variable: 'TRITON_CACHE_DIR' },
  { variable: 'FLASHINFER_WORKSPACE_BASE' },
  { variable: 'DG_JIT_CACHE_DIR' },
  { variable: 'TORCH_EXTENSIONS_DIR' },
]
