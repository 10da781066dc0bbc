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

/** How a server is told the key that its clients must have; it never stands in an image. */
export interface ApiKeyRules {
  /** Variable that it reads the key from. */
  variable: string
  /** What it answers without the key by its own design, such as `GET /health`; the boot lists what it saw of them. */
  open: readonly string[]
}

/** The first process of an image: it starts the server, passes signals on and reaps what is orphaned. */
export interface InitProgram {
  /** Packages of the base's archive that hold it; a lock from before it gives an image without it. */
  packages: readonly string[]
  /** Stands before the server's own command line. */
  command: readonly string[]
}

/** What a CUDA build asks of a machine. */
export interface GpuSupport {
  cuda: string
  /** Compute capability as a number: 8.9. */
  minCapability: number
  /** Oldest driver that runs it, minor-version compatibility counted. */
  minDriver: string
}

/** What a ROCm build asks of a machine. */
export interface AmdSupport {
  rocm: string
  /** Processors that its libraries have code for, such as `gfx1100`. */
  processors: readonly string[]
}

/** `to` is relative to the folder of `at`. */
export interface PackageLink {
  at: string
  to: string
}

/** One reason why an engine cannot serve a recipe, with the way out. */
export interface Refusal {
  path: string
  found: string
  hint: string
}
