import type { CommandTable, Option } from '../../command-line/option-table.ts'

const updateOptions = {
  engine: {
    kind: 'flag',
    help: 'the newest engine inside of the recipe’s range, by tag, index or archive; without any of these three, all of them',
  },
  base: { kind: 'flag', help: 'what the base image is now, with its packages, and the factory' },
  model: {
    kind: 'flag',
    help: 'what the revision, tag or folder of the weights is now, and of what lies beside them',
  },
  parallel: { kind: 'count', range: [1, 16], default: 2, help: 'recipes asked for at the same time' },
  json: { kind: 'flag', help: 'every difference as JSON' },
  markdown: { kind: 'flag', help: 'the tables as Markdown, for a pull request' },
} as const satisfies Record<string, Option>

const positionals = { name: 'RECIPE|FOLDER', least: 1, most: 1000 } as const

export const outdatedTable = {
  name: 'outdated',
  summary: 'what is newer than each lock, and what an update would change: packages, bytes, memory, flags',
  positionals,
  options: updateOptions,
} as const satisfies CommandTable

export const updateTable = {
  name: 'update',
  summary:
    'write a lock with what is newer, and say what changed; one that the recipe refuses is not written',
  positionals,
  options: updateOptions,
} as const satisfies CommandTable
