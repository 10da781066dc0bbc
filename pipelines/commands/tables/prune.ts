import type { CommandTable } from '../../command-line/option-table.ts'

export const pruneTable = {
  name: 'prune',
  summary:
    'free the store of what no image needs and no build used lately, and of these images too; says which verdicts go',
  positionals: { name: 'RECIPE|NAME|DIGEST', least: 0, most: 100 },
  options: {
    'unused-for': {
      kind: 'number',
      value: 'DAYS',
      range: [0, 999_999],
      default: 14,
      help: 'keep layers that no image needs for this many days after a build used them',
    },
    'dry-run': { kind: 'flag', help: 'only say what would go' },
    json: { kind: 'flag', help: 'as JSON' },
  },
} as const satisfies CommandTable
