import type { Lock } from './lock.ts'
import { differing, type LockDifference } from './lock-difference.ts'
import { nameOfPart, partTitle, type RecipePart } from './parts.ts'
import { sourceDifferences } from './source-differences.ts'

/** Parts of a recipe that a lock does not have, or has from another source, and parts that it has beside those. */
export function partDifferences({ parts }: { parts: readonly RecipePart[] }, lock: Lock): LockDifference[] {
  const pinned = lock.parts ?? []
  const wanted = parts.flatMap((part, index) =>
    part.source === undefined ? [] : [{ part, index, source: part.source }],
  )
  const [asked, had] = [wanted.map(({ part }) => partTitle(part)), pinned.map(partTitle)]
  const isSameList = asked.join('\n') === had.join('\n')
  if (!isSameList) return differing('parts', asked, had, [])
  return wanted.flatMap(({ part, index, source }) => {
    const one = pinned.find((other) => other.role === part.role && other.name === nameOfPart(part))
    const recorded = lock.madeFrom?.recipe.parts?.find(
      (other) => other.role === part.role && other.name === nameOfPart(part),
    )
    if (one === undefined) return []
    const compared = { source, recorded: recorded?.source, pinned: one.weights }
    // Which parts are resolved again follows from their sources alone, so nothing else is renewed for them.
    return sourceDifferences(compared, `parts.${index}.source`).map((found) => ({ ...found, renews: [] }))
  })
}
