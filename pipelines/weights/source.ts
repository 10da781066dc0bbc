import type { LockedFile } from '../../recipes/locked-weights.ts'
import type { QuantizedSource } from '../../recipes/quantization.ts'
import type { WeightFormat } from '../../recipes/weight-names.ts'
import type { Fetch } from '../network/exchange.ts'
import type { RetryPolicy } from '../network/retry.ts'
import type { Settings } from '../settings/settings.ts'

export type SourceSettings = Pick<Settings, 'hub' | 'indexes' | 'loginFiles' | 'programs' | 'proxies'>

/** What every weights source may need from outside. */
export interface SourceContext {
  /** Folder of the recipe, from which a `folder` source is reached. */
  recipeFolder: string
  settings: SourceSettings
  /** Forms that the engine loads; they decide which files are listed. Default: those of transformers. */
  formats?: readonly WeightFormat[]
  /** A folder on a disk that has room for layers of a registry, unpacked. Default: the one of temporary files. */
  scratchFolder?: string
  signal?: AbortSignal
  retry?: RetryPolicy
  /** A connection that sends nothing for this long counts as cut. Default one minute. */
  stallMs?: number
  /** Reads secrets of URIs that are not env://, file:// or cmd://, as a Dagger client does (op://, vault://, …). */
  resolveSecret?: (uri: string) => Promise<string>
  /** Quantises a model as its lock says, and opens the file that comes of it. Only what has an engine can. */
  makeQuantized?: QuantizedMaker | undefined
}

export type QuantizedMaker = (source: QuantizedSource, file: LockedFile) => Promise<LocalFile>

export function formatsOf({ formats }: SourceContext): readonly WeightFormat[] {
  return formats ?? ['safetensors', 'pytorch']
}

/** What a source gets: the caller's context and the connection of this inventory or download. */
export interface SourceSession extends SourceContext {
  fetch: Fetch
}

/** Weights that are open for reading. */
export interface OpenWeights {
  /** The bytes of one file from `offset` on; a broken connection throws `network`. */
  read(file: LockedFile, offset: number): AsyncIterable<Uint8Array>
  /** For sources on this machine: the file itself, which is read without a copy. */
  openLocal?(file: LockedFile): Promise<LocalFile | undefined>
  close(): Promise<void>
}

export interface LocalFile {
  /** Fills `target` from `position` on; gives the bytes read, 0 at the end. */
  read(target: Uint8Array, position: number): Promise<number>
  close(): Promise<void>
}
