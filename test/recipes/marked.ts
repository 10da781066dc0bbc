/** Text without the mark, and the place of the mark; a mark inside a quoted text stands for its quote. */
export function marked(text: string): { text: string; line: number; column: number } {
  const at = text.indexOf('|')
  const before = text.slice(0, at).split('\n')
  const column = (before.at(-1) ?? '').length + 1
  return {
    text: text.replace('|', ''),
    line: before.length,
    column: text[at - 1] === '"' ? column - 1 : column,
  }
}

/** A text as a part of a regular expression. */
export function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
