import type { CommandTable } from '../../command-line/option-table.ts'

export const lockTable = {
  name: 'lock',
  summary: 'pin base, packages and weights; after an edit, what it touches; or say what drifted since',
  positionals: { name: 'RECIPE|FOLDER', least: 1, most: 100 },
  options: {
    all: {
      kind: 'flag',
      help: 'renew everything that the lock pins; without this, what the recipe still asks for stays as it is',
    },
    check: {
      kind: 'flag',
      help: 'write nothing; exit 1 when the world has moved on since the lock, 2 when the recipe has',
    },
  },
} as const satisfies CommandTable
