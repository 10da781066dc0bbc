import type { CommandTable } from '../../command-line/option-table.ts'

export const checkTable = {
  name: 'check',
  summary: 'validate recipes; every problem as file:line:column',
  positionals: { name: 'RECIPE|FOLDER', least: 1, most: 1000 },
  options: { json: { kind: 'flag', help: 'problems as a JSON list' } },
  ignoresEnvironment: true,
} as const satisfies CommandTable
