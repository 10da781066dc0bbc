import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { parseBytes } from '../../lib/bytes.ts'
import { LibError, messageOf } from '../../lib/error.ts'
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
  const { tokens, ...parsed } = parse(argv, options, wanted.command)
  const problem = valueProblem(tokens, options)
  if (problem !== undefined) throw usageError(wanted.command, problem)
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
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true, tokens: true })
  } catch (cause) {
    throw usageError(command, messageOf(cause))
  }
}

/** What `parseArgs` tells of each argument, as far as it is read here. */
interface Token {
  kind: string
  name?: string
  value?: unknown
}

/**
 * What is wrong with the values of options: one that is given twice, where the last would win without a word, or an empty
 * one, as a shell makes of a variable that is not set.
 */
export function valueProblem(tokens: readonly Token[], options: ParseArgsOptionsConfig): string | undefined {
  const seen = new Set<string>()
  for (const token of tokens) {
    const { name = '', value = '' } = token
    if (token.kind !== 'option' || options[name]?.type !== 'string') continue
    if (String(value).trim() === '') return `--${name} is empty`
    if (seen.has(name) && options[name]?.multiple !== true) return `--${name} is given twice`
    seen.add(name)
  }
  return undefined
}

/** Bytes of an option such as 64MiB; throws `usage` for anything else. */
export function readBytes(command: string, option: string, text: string): number {
  try {
    return parseBytes(text)
  } catch (cause) {
    if (!(cause instanceof LibError)) throw cause
    throw usageError(command, `--${option} is "${text}", not a size such as 10GB or 512MiB`)
  }
}

export function usageError(command: string, found: string): StageError {
  return new StageError('usage', {
    attempted: `run \`ingot ${command}\``,
    found,
    hint: `\`ingot ${command} --help\` shows what it takes`,
  })
}
