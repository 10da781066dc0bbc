import { readArguments } from '../command-line/arguments.ts'
import type { Command, CommandContext } from '../command-line/command.ts'
import { ownPackage } from '../files/own-package.ts'
import { versionTable } from './tables/version.ts'

export const versionCommand: Command = { run }

async function run(argv: readonly string[], { stdout }: CommandContext): Promise<number> {
  readArguments(argv, versionTable)
  stdout(`${(await ownPackage())?.version ?? 'unknown'}\n`)
  return 0
}
