import type { CommandTable } from '../../command-line/option-table.ts'

export const versionTable = {
  name: 'version',
  summary: 'the version of ingot',
  options: {},
  ignoresEnvironment: true,
} as const satisfies CommandTable
