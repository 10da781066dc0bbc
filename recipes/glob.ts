/** One place of a pattern: a run of any characters, one of any, one of a class, or one of its own. */
type GlobPart =
  | { type: 'run' }
  | { type: 'any' }
  | { type: 'class'; negated: boolean; ranges: readonly (readonly [string, string])[] }
  | { type: 'character'; character: string }

/** What is wrong with a pattern, in words; undefined for one that can be used. */
export function patternProblem(pattern: string): string | undefined {
  const read = partsOf(pattern)
  return typeof read === 'string' ? read : undefined
}

/**
 * The Hub's rule (Python's fnmatch): `*` and `?` match slashes too, `[ab]` and `[!ab]` are classes, and a folder means all
 * that is in it. Time grows with the lengths of path and pattern multiplied, whatever stars the pattern has. Throws
 * SyntaxError for a pattern that `patternProblem` refuses.
 */
export function matchesPattern(path: string, pattern: string): boolean {
  const parts = partsOf(pattern.endsWith('/') ? `${pattern}*` : pattern)
  if (typeof parts === 'string') throw new SyntaxError(`${pattern}: ${parts}`)
  const characters = [...path]
  let at = 0
  let part = 0
  // Where the last run began to take characters: on a mismatch it takes one more.
  let retry: { at: number; part: number } | undefined
  while (at < characters.length) {
    const wanted = parts[part]
    if (wanted?.type === 'run') {
      part += 1
      retry = { at, part }
    } else if (wanted !== undefined && isAt(wanted, characters[at] ?? '')) {
      at += 1
      part += 1
    } else if (retry !== undefined) {
      retry = { at: retry.at + 1, part: retry.part }
      at = retry.at
      part = retry.part
    } else return false
  }
  return parts.slice(part).every(({ type }) => type === 'run')
}

function isAt(part: GlobPart, character: string): boolean {
  switch (part.type) {
    case 'run':
    case 'any':
      return true
    case 'character':
      return part.character === character
    case 'class':
      return part.negated !== part.ranges.some(([from, to]) => from <= character && character <= to)
  }
}

function partsOf(pattern: string): GlobPart[] | string {
  const parts: GlobPart[] = []
  const characters = [...pattern]
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? ''
    if (character === '*') {
      // Two runs beside each other are one.
      if (parts.at(-1)?.type !== 'run') parts.push({ type: 'run' })
    } else if (character === '?') parts.push({ type: 'any' })
    else if (character === '[') {
      const read = classAt(characters, at)
      if (typeof read === 'string') return read
      parts.push(read.part)
      at = read.end
    } else parts.push({ type: 'character', character })
  }
  return parts
}

/** A class from its bracket on; a bracket right behind the opening one stands for itself. */
function classAt(characters: readonly string[], start: number): { part: GlobPart; end: number } | string {
  const negated = characters[start + 1] === '!'
  const first = start + (negated ? 2 : 1)
  const end = characters.indexOf(']', first + 1)
  if (end < 0) return `the bracket [ at character ${start + 1} is never closed`
  const inside = characters.slice(first, end)
  const ranges: [string, string][] = []
  for (let at = 0; at < inside.length; at += 1) {
    const from = inside[at] ?? ''
    const isRange = inside[at + 1] === '-' && at + 2 < inside.length
    const to = isRange ? (inside[at + 2] ?? '') : from
    if (to < from) return `the range ${from}-${to} runs backwards`
    ranges.push([from, to])
    if (isRange) at += 2
  }
  return { part: { type: 'class', negated, ranges }, end }
}
