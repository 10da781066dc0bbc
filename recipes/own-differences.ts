import { distributionsOf, type Lock } from './lock.ts'
import { differing, type LockDifference } from './lock-difference.ts'
import { plainRequirement } from './own-layer.ts'
import type { Recipe } from './recipe.ts'

/** Packages and files that a recipe adds and its lock lacks, by what the lock pins; and those that it has beside them. */
export function ownDifferences({ image }: Recipe, { runtime, ownFiles = [] }: Lock): LockDifference[] {
  const placesOf = (files: readonly { from: string; to: string }[]) =>
    files.map(({ from, to }) => `${from} to ${to}`)
  const files = differing('image.files', placesOf(image.files), placesOf(ownFiles), [])
  if (runtime.type === 'upstream') return files
  const { python, system } = image.packages
  const wheels = new Set(distributionsOf(runtime).map(({ name }) => plainRequirement(name)))
  const packages = new Set([...runtime.packages.map(({ name }) => name), ...(runtime.present ?? [])])
  const missing = [
    ...system.filter((asked) => !packages.has(asked.replace(/=.*$/, ''))),
    ...python.filter((asked) => !wheels.has(plainRequirement(asked))),
  ]
  const isOver =
    (system.length === 0 && runtime.own !== undefined) ||
    (python.length === 0 && runtime.type === 'debian' && runtime.environment !== undefined)
  return [
    ...files,
    ...(missing.length === 0 ? [] : differing('image.packages', missing, undefined, ['runtime'])),
    ...(isOver ? differing('image.packages', [...python, ...system], 'more', ['runtime']) : []),
  ]
}
