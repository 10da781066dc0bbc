import type { CommandTable } from '../../command-line/option-table.ts'
import { runnerOptions } from './runner.ts'

export const gateTable = {
  name: 'gate',
  summary: 'compare with the stock build of the same lock: files, loading, imports, answers, start-up, PTX',
  positionals: { name: 'RECIPE|NAME|DIGEST', least: 1, most: 1 },
  options: { ...runnerOptions, json: { kind: 'flag', help: 'the report as JSON' } },
} as const satisfies CommandTable
