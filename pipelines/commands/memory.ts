import type { Command } from '../command-line/command.ts'
import { memoryCommand as run } from '../memory/memory.ts'

export const memoryCommand: Command = { run }
