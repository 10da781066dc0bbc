/** Strings, with what makes each a key, and brackets; all else of a JSON text says nothing of its keys. */
const tokens = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/gs

/**
 * The first key that stands twice in one object of a JSON text that can be parsed, as where both sides of a merge were kept;
 * JSON.parse takes the last one of them without a word.
 */
export function keyStandingTwice(text: string): string | undefined {
  const open: Set<string>[] = []
  for (const [token, colon] of text.matchAll(tokens)) {
    if (token === '{' || token === '[') open.push(new Set())
    else if (token === '}' || token === ']') open.pop()
    else if (colon !== undefined) {
      const keys = open.at(-1)
      const key = token.slice(1, token.lastIndexOf('"'))
      if (keys?.has(key)) return key
      keys?.add(key)
    }
  }
  return undefined
}
