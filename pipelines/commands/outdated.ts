import type { Command } from '../command-line/command.ts'
import { outdatedTable } from './tables/update.ts'
import { runUpdates } from './updates.ts'

export const outdatedCommand: Command = { run: (argv, context) => runUpdates(argv, context, outdatedTable) }
