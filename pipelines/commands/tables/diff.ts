import type { CommandTable } from '../../command-line/option-table.ts'

export const diffTable = {
  name: 'diff',
  summary:
    'what differs between two locks, reports, recipes or images: pins, packages, bytes, checks, layers',
  positionals: { name: 'BEFORE AFTER', least: 2, most: 2 },
  options: {
    json: { kind: 'flag', help: 'every difference as JSON' },
    markdown: { kind: 'flag', help: 'the tables as Markdown, for a pull request' },
  },
} as const satisfies CommandTable
