import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { messageOf } from '../../lib/error.ts'
import { StageError } from '../error.ts'
import type { CommandProgress } from '../process/progress.ts'

/** Everything a command may touch of the process around it. */
export interface CommandContext {
  stdout(text: string): void
  stderr(text: string): void
  environment: NodeJS.ProcessEnv
  progress: CommandProgress
  signal: AbortSignal
}

/** A command once it is loaded; `table.ts` has its usage. */
export interface Command {
  /** Long option to its explanation. */
  options: Record<string, string>
  run(argv: readonly string[], context: CommandContext): Promise<number>
}

/** Options and positionals of a command line; throws `usage` for what is unknown or missing. */
export function readArguments<const Options extends ParseArgsOptionsConfig>(
  argv: readonly string[],
  options: Options,
  wanted: { command: string; least: number; most: number },
) {
  const parsed = parse(argv, options, wanted.command)
  const count = parsed.positionals.length
  if (count >= wanted.least && count <= wanted.most) return parsed
  throw usageError(
    wanted.command,
    count < wanted.least
      ? 'an argument is missing'
      : `an argument too many: ${parsed.positionals[wanted.most]}`,
  )
}

function parse<const Options extends ParseArgsOptionsConfig>(
  argv: readonly string[],
  options: Options,
  command: string,
) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true })
  } catch (cause) {
    throw usageError(command, messageOf(cause))
  }
}

export function usageError(command: string, found: string): StageError {
  return new StageError('usage', {
    attempted: `run \`ingot ${command}\``,
    found,
    hint: `\`ingot ${command} --help\` shows what it takes`,
  })
}
