import type { CommandTable } from '../../command-line/option-table.ts'

export const planTable = {
  name: 'plan',
  summary: 'what the image will be: layers, removals, command line, checks, and whether it fits its GPU',
  positionals: { name: 'RECIPE', least: 1, most: 1 },
  options: { json: { kind: 'flag', help: 'the whole plan as JSON' } },
} as const satisfies CommandTable
