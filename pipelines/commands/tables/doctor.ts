import type { CommandTable } from '../../command-line/option-table.ts'

export const doctorTable = {
  name: 'doctor',
  summary: 'what is here, what is missing, and how to get it; or whether the store is sound',
  options: {
    store: {
      kind: 'flag',
      help: 'check the store instead: hash every blob, follow every name, read every record; exit 1 when something is wrong',
    },
    json: { kind: 'flag', help: 'as JSON' },
  },
} as const satisfies CommandTable
