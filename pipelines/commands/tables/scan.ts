import type { CommandTable } from '../../command-line/option-table.ts'

export const scanTable = {
  name: 'scan',
  summary: 'search a built image for secrets, setuid files, paths that all may write, and shells',
  positionals: { name: 'RECIPE|NAME|DIGEST', least: 1, most: 1 },
  options: { json: { kind: 'flag', help: 'what was seen as JSON' } },
} as const satisfies CommandTable
