/**
 * Share of wrong words in a transcript: the fewest words to substitute, leave out or add until it is what was said, over the number of
 * words that were said. Case and punctuation do not count.
 */
export function wordErrorRate(said: string, heard: string): number {
  const [from, to] = [plainWords(said), plainWords(heard)]
  const first = Array.from({ length: to.length + 1 }, (_, column) => column)
  const last = from.reduce((above, word, index) => nextRow(above, { word, to, index }), first)
  return (last.at(-1) ?? 0) / Math.max(1, from.length)
}

/** One row of Levenshtein's table. */
function nextRow(
  above: readonly number[],
  { word, to, index }: { word: string; to: readonly string[]; index: number },
): number[] {
  const row = [index + 1]
  for (const [column, other] of to.entries()) {
    const substituted = (above[column] ?? 0) + (word === other ? 0 : 1)
    row.push(Math.min(substituted, (above[column + 1] ?? 0) + 1, (row[column] ?? 0) + 1))
  }
  return row
}

/** Words in lower case, without what stands between them. */
export function plainWords(text: string): string[] {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}'’]+/gu, ' ')
    .trim()
    .split(' ')
    .filter((word) => word !== '')
}
