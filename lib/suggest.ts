import { closest, distance } from 'fastest-levenshtein'

/** The known name a mistyped one most likely means, or undefined when none is near. */
export function nearestName(wrong: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined
  const candidate = closest(wrong.toLowerCase(), known)
  return distance(wrong.toLowerCase(), candidate.toLowerCase()) <= Math.max(2, wrong.length / 3)
    ? candidate
    : undefined
}
