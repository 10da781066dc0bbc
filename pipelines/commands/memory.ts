import type { Command } from '../command-line/command.ts'
import { memoryCommand as memory, memoryOptionHelp } from '../memory/memory.ts'

export const memoryCommand: Command = {
  options: memoryOptionHelp,
  run: memory,
}
