import type { Lock } from '../../recipes/lock.ts'
import type { LockDifference } from '../../recipes/lock-difference.ts'
import { lockDifferences } from '../../recipes/lock-differences.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import type { RuntimeSource } from '../engines/engine.ts'
import { engineOf } from '../engines/engines.ts'
import { lockRequestOf } from './lock-request.ts'
import { runtimeSourceOf } from './plan.ts'

/**
 * Every key in which a recipe and a lock differ, and a version that is not the one of the package that the lock pins. Empty
 * for a lock that was made from the recipe. Throws `refused` for a recipe that no runtime suits.
 */
export function lockFit(recipe: Recipe, lock: Lock): LockDifference[] {
  const found = [...lockDifferences(recipe, lock, lockRequestOf(recipe)), ...versionDifferences(recipe, lock)]
  return hasOtherFormats(recipe, lock) ? found.map(withFiles) : found
}

/** Which files are taken follows from the forms that the engine loads. */
function hasOtherFormats(recipe: Recipe, { engine }: Lock): boolean {
  const [asked, locked] = [recipe.engine.id, engine.id].map((id) => engineOf(id).formats.join())
  return asked !== locked
}

function withFiles(difference: LockDifference): LockDifference {
  return difference.path === 'engine.id'
    ? { ...difference, renews: [...new Set([...difference.renews, 'files' as const])] }
    : difference
}

function versionDifferences(recipe: Recipe, { engine, runtime }: Lock): LockDifference[] {
  const definition = engineOf(recipe.engine.id)
  if (engine.id !== definition.id) return []
  const text = versionText(runtimeSourceOf(recipe, definition), runtime)
  const difference = (lock: string): LockDifference[] => [
    { path: 'engine.version', recipe: `"${recipe.engine.version}"`, lock, renews: ['runtime'] },
  ]
  if (text === null) return difference(`"${engine.version}", and no package of it`)
  const pinned = text === undefined ? null : definition.versionOf(text)
  if (pinned === null || pinned === engine.version) return []
  return difference(`"${engine.version}", while it pins the package of ${pinned}`)
}

/**
 * What the engine's own package calls itself, null where the lock lost that package; undefined for official images, of which
 * the lock has the digest alone.
 */
function versionText(source: RuntimeSource, runtime: Lock['runtime']): string | null | undefined {
  if (source.type === 'debian' && runtime.type === 'debian')
    return runtime.packages.find(({ name }) => name === source.versionOf)?.version ?? null
  if (source.type === 'python' && runtime.type === 'python')
    return runtime.distributions.find(({ name }) => name === source.distribution)?.version ?? null
  return undefined
}
