import type { Command } from '../command-line/command.ts'
import { updateTable } from './tables/update.ts'
import { runUpdates } from './updates.ts'

export const updateCommand: Command = { run: (argv, context) => runUpdates(argv, context, updateTable) }
