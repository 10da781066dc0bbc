import { readArguments } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import { bashScript } from '../command-line/completion-bash.ts'
import { fishScript } from '../command-line/completion-fish.ts'
import { zshScript } from '../command-line/completion-zsh.ts'
import { tables } from './tables/all.ts'
import { completionTable } from './tables/completion.ts'

export const completionCommand: Command = { run }

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript }

async function run(argv: readonly string[], { stdout }: CommandContext): Promise<number> {
  const [shell] = readArguments(argv, completionTable).positionals
  const script = Object.entries(scripts).find(([name]) => name === shell)?.[1]
  stdout(script?.(tables) ?? '')
  return 0
}
