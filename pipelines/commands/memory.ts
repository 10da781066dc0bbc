import { memoryCommand as memory, memoryOptionHelp, memorySummary, memoryUsage } from '../memory.ts'
import type { Command } from './command.ts'

export const memoryCommand: Command = {
  usage: memoryUsage,
  summary: memorySummary,
  options: memoryOptionHelp,
  run: memory,
}
