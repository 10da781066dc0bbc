import type { PackageLink } from './engine-facts.ts'

/** Packages of the base's own archive. */
export interface DebianSource {
  type: 'debian'
  base: string
  /** Packages asked for; their dependencies follow. */
  packages: readonly string[]
  /** Packages that a recipe asks for besides, with exact versions where it says so. */
  own?: readonly string[]
  /** An environment of Python that a recipe asks for. */
  environment?: OwnPython
  /** The package whose version is the engine's. */
  versionOf: string
}

/** Wheels beside an engine that has no Python. */
export interface OwnPython {
  interpreter: string
  folder: string
  /** In the words of the Python package index. */
  requirements: readonly string[]
}

/** The engine's own image, cleaned and re-owned. */
export interface UpstreamSource {
  type: 'upstream'
  base: string
  versionCommand: readonly string[]
  /** Folders that no other user may enter where they are; links to them and texts that name them are changed. */
  moves?: readonly { from: string; to: string }[]
}

/** A small base with its archive's Python, and an environment of wheels of the Python package index. */
export interface PythonSource {
  type: 'python'
  base: string
  /** Packages of the base's archive: the interpreter and what wheels expect of a system. */
  packages: readonly string[]
  interpreter: string
  /** Folder of the environment. */
  folder: string
  /** Distribution whose version is the engine's; the recipe's range is put on it. */
  distribution: string
  /** Packages that a recipe asks for besides, and requirements that are resolved together with the engine's. */
  own?: readonly string[]
  requirements?: readonly string[]
  /** What the engine's kernels are compiled with at run time, resolved together with it. */
  toolkit: readonly string[]
  /** What dependencies must be instead of what they say, in uv's words. */
  overrides: readonly string[]
  /** Second names under which installed distributions must be found, with what is added to their versions. */
  aliases: readonly { distribution: string; alsoAs: string; versionSuffix: string }[]
  /** Links that wheels leave out and compilers look for, below the folder of packages; made where what they lead to is there. */
  links: readonly PackageLink[]
}

/** Where the software of an image comes from. */
export type RuntimeSource = DebianSource | UpstreamSource | PythonSource
