import { type Command, type CommandContext, readArguments } from '../command-line/command.ts'
import { ownPackage } from '../files/own-package.ts'

export const versionCommand: Command = {
  options: {},
  run,
}

async function run(argv: readonly string[], { stdout }: CommandContext): Promise<number> {
  readArguments(argv, {}, { command: 'version', least: 0, most: 0 })
  stdout(`${(await ownPackage())?.version ?? 'unknown'}\n`)
  return 0
}
