import type { CommandTable } from '../../command-line/option-table.ts'

export const completionTable = {
  name: 'completion',
  summary: 'a script for a shell, which then completes commands, options and their values',
  positionals: { name: 'SHELL', least: 1, most: 1, values: ['bash', 'zsh', 'fish'] },
  options: {},
  ignoresEnvironment: true,
} as const satisfies CommandTable
