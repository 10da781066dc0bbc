import type { CommandTable } from '../../command-line/option-table.ts'

export const listTable = {
  name: 'list',
  summary: 'engines, recipes here and in ./recipes, and images in the store',
  positionals: { name: 'BASE', least: 0, most: 1 },
  options: {
    changed: {
      kind: 'flag',
      help: 'only recipes that a change since BASE touches; without BASE, since the last commit',
    },
    json: { kind: 'flag', help: 'as JSON, with what each recipe runs on' },
  },
} as const satisfies CommandTable
