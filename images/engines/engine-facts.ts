/** Modules behind the features that a server in Python offers, and the interpreter of the official image that has them. */
export interface PythonImports {
  modules: readonly string[]
  imagePython: string
}

/** What `ingot init` writes for an engine. */
export interface EngineSuggestion {
  /** Range of versions whose flags and memory were read here. */
  version: string
  /** Its turn among the engines that load the same files; the lowest comes first. */
  rank: number
  /** A quantisation to which the server packs plain weights while it loads them; null where it has none. */
  packsTo: string | null
}

/** How the engine's own files are told in any image, also in one that ingot did not make; all are globs. */
export interface EngineTraces {
  paths: readonly string[]
  /** Distributions of the Python package index, in their normalised spelling. */
  distributions: readonly string[]
  /** Debian packages. */
  packages: readonly string[]
}

/** Shared memory of a server whose ranks talk through /dev/shm, with where the figure comes from. */
export interface SharedMemory {
  sizeBytes: number
  source: string
}
