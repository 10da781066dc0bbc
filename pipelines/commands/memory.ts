import type { Command } from '../command-line/command.ts'
import { planMemoryOf as run } from '../memory/memory.ts'

export const memoryCommand: Command = { run }
