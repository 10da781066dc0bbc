import { memoryCommand as memory, memoryOptionHelp } from '../memory/memory.ts'
import type { Command } from './command.ts'

export const memoryCommand: Command = {
  options: memoryOptionHelp,
  run: memory,
}
