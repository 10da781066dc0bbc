import type { LockedFile, LockedWeights } from '../../recipes/locked-weights.ts'
import type { RetryPolicy } from './retry.ts'

/** What every weights source may need from outside. */
export interface SourceContext {
  /** Folder of the recipe, from which a `folder` source is reached. */
  recipeFolder: string
  environment: NodeJS.ProcessEnv
  signal?: AbortSignal
  retry?: RetryPolicy
  /** A connection that sends nothing for this long counts as cut. Default one minute. */
  stallMs?: number
}

/** Weights that are open for reading. */
export interface OpenWeights {
  /** The bytes of one file from `offset` on; a broken connection throws `network`. */
  read(file: LockedFile, offset: number): AsyncIterable<Uint8Array>
  close(): Promise<void>
}

/** The two verbs of a source. Inventory moves no payload. */
export interface WeightsReader<Source, Pinned> {
  inventory(source: Source, context: SourceContext): Promise<LockedWeights>
  open(pinned: Pinned, context: SourceContext): Promise<OpenWeights>
}
