import type { SlimPolicy } from '../slim-rules/slimming.ts'

/** What deciding about a tree needs to know of an image; every plan has these members. */
export interface TreeRules {
  slimming: SlimPolicy
  /** Files and folders of ingot's own, which get a layer elsewhere. */
  settings: readonly { path: string }[]
  /** Globs of the engine's own files. */
  enginePaths: readonly string[]
  /** `folder` is that of a Python environment. */
  runtime: { source: { type: string; folder?: string }; locked: { base: { reference: string } } }
  engine: { id: string; version: string }
}
