import type { CommandTable } from '../../command-line/option-table.ts'

export const fetchTable = {
  name: 'fetch',
  summary:
    'get the locked weights into a folder that hosts mount: hashed, resumed, from the Hub’s cache here where it has them',
  positionals: { name: 'RECIPE', least: 1, most: 1 },
  options: {
    to: {
      kind: 'text',
      value: 'FOLDER',
      isRequired: true,
      help: 'folder for the files; with `delivery: hf-cache` it gets the layout of the Hub’s cache',
    },
    json: { kind: 'flag', help: 'each file with its size and where it came from, as JSON' },
  },
} as const satisfies CommandTable
