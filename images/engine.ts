import type { EngineId, Recipe } from '../recipes/recipe.ts'
import type { WeightFile } from '../recipes/weights.ts'
import type { Behaviour } from './probe.ts'
import type { SlimPolicy } from './slimming.ts'

/** Where the software of an image comes from. */
export type RuntimeSource =
  | {
      type: 'debian'
      base: string
      /** Packages asked for; their dependencies follow. */
      packages: readonly string[]
      /** The package whose version is the engine's. */
      versionOf: string
    }
  | { type: 'upstream'; base: string; versionCommand: readonly string[] }

/** What one recipe asks of an engine, after defaults: the input of every function of a definition. */
export interface Deployment {
  recipe: Recipe
  /** Semver of the engine, from the lock. */
  version: string
  /** Folder of the model inside the container. */
  modelFolder: string
  files: readonly WeightFile[]
  port: number
}

/** One reason why an engine cannot serve a recipe, with the way out. */
export interface Refusal {
  path: string
  found: string
  hint: string
}

/**
 * Contract of an inference server. Every engine fills in the same parts in the same order; the contract suite in
 * test/images runs over all of them.
 */
export interface EngineDefinition {
  id: EngineId
  title: string
  port: number
  runtimes: { packages?: RuntimeSource; upstream?: RuntimeSource }
  defaultRuntime: 'packages' | 'upstream'
  /** Semver of the engine from what its package or program calls itself; null when it cannot be read. */
  versionOf(text: string): string | null
  refusals(deployment: Deployment): Refusal[]
  /** Command line of PID 1; the first part is an absolute path. */
  command(deployment: Deployment): string[]
  environment(deployment: Deployment): Record<string, string>
  slimming: SlimPolicy
  /** Paths whose files make up the engine itself: they change with every engine release and get a layer of their own. */
  enginePaths: readonly string[]
  behaviour(deployment: Deployment): Behaviour
}
