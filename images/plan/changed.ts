import type { EngineId } from '../../recipes/engine-ids.ts'

/** A recipe as a change may touch it; all paths as git writes them, from where the command runs. */
export interface ChangeableRecipe {
  /** Its own file and those that it extends. */
  files: readonly string[]
  lockFile: string
  engine: EngineId
}

// Whatever every image is made with; in a repository that installs ingot, its own lock of packages says which one.
const product = /^(lib|images|pipelines|bin)\/|^recipes\/.*\.ts$|^package(-lock)?\.json$/

/**
 * Whether changed files make another image of a recipe possible: its own files, the folder of its engine
 * (`images/engines/ID/`), or anything that all images are made with.
 */
export function isTouched(recipe: ChangeableRecipe, changed: readonly string[]): boolean {
  return changed.some((path) => {
    if (recipe.files.includes(path) || path === recipe.lockFile) return true
    const engine = /^images\/engines\/([^/]+)\//.exec(path)?.[1]
    return engine === undefined ? product.test(path) : engine === recipe.engine
  })
}
