import type { StateComparison } from './comparison.ts'
import { type ComparisonTable, comparisonTables } from './tables.ts'

/** A comparison for a terminal. Empty where nothing differs. */
export function comparisonText(comparison: StateComparison): string {
  return comparisonTables(comparison).flatMap(tableText).join('\n')
}

function tableText({ title, columns, rows, note }: ComparisonTable): string[] {
  const head = columns.some((name) => name !== '') && columns.length > 1 ? [[...columns]] : []
  const all = [...head, ...rows]
  const widths = columns.map((_, index) => Math.max(...all.map((row) => row[index]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    `    ${row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  ')}`.trimEnd()
  return [`  ${title}`, ...all.map(line), ...(note === undefined ? [] : [`    ${note}`]), '']
}

/** A comparison as Markdown, for the text of a pull request. Empty where nothing differs. */
export function comparisonMarkdown(comparison: StateComparison): string {
  return comparisonTables(comparison).flatMap(tableMarkdown).join('\n')
}

function tableMarkdown({ title, columns, rows, note }: ComparisonTable): string[] {
  const line = (row: readonly string[]) => `| ${row.map(cell).join(' | ')} |`
  return [
    `### ${title}`,
    '',
    line(columns),
    line(columns.map(() => '---')),
    ...rows.map(line),
    '',
    ...(note === undefined ? [] : [`${note}.`, '']),
  ]
}

/** Names and versions come from archives and hubs: none may end a cell, begin a tag or call a person. */
function cell(text: string): string {
  return text
    .replaceAll(/[|`\\]/g, (sign) => `\\${sign}`)
    .replaceAll('<', '&lt;')
    .replaceAll('@', '&#64;')
    .replaceAll(/\s+/g, ' ')
}
