import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { parseBytes } from '../../lib/bytes.ts'
import { LibError, messageOf } from '../../lib/error.ts'
import { StageError } from '../error.ts'
import type { CommandTable, Option, Positionals, Values } from './option-table.ts'

/** A command line as its table reads it. */
export interface Arguments<Table extends CommandTable> {
  values: Values<Table>
  positionals: string[]
}

/** Throws `usage` for what the table does not know, what is missing, given twice or empty, and for values that are none. */
export function readArguments<const Table extends CommandTable>(
  argv: readonly string[],
  table: Table,
): Arguments<Table> {
  const { tokens, positionals } = parse(argv, table)
  requirePositionals(positionals, table)
  const given = Map.groupBy(tokens, ({ name }) => name)
  const values = Object.entries(table.options).map(([name, option]) => [
    name,
    readOption(table.name, name, option, given.get(name) ?? []),
  ])
  // Each value was read as its option says, which TypeScript does not follow through Object.entries.
  return { values: Object.fromEntries(values) as Values<Table>, positionals }
}

/** An option as it was written: under which of its names, and with which text. */
interface GivenOption {
  name: string
  spelling: string
  text: string
}

function parse(
  argv: readonly string[],
  { name: command, options }: CommandTable,
): { tokens: GivenOption[]; positionals: string[] } {
  try {
    const found = parseArgs({
      args: [...argv],
      options: parseConfig(options),
      allowPositionals: true,
      strict: true,
      tokens: true,
    })
    const names = spellingsOf(options)
    const tokens = found.tokens.flatMap((token) => {
      if (token.kind !== 'option') return []
      const name = names.get(token.name) ?? token.name
      return [{ name, spelling: token.name, text: String(token.value ?? '') }]
    })
    return { tokens, positionals: found.positionals }
  } catch (cause) {
    throw usageError(command, unknownOption(cause) ?? messageOf(cause))
  }
}

/** Node's words go on about arguments that begin with a dash. */
function unknownOption(cause: unknown): string | undefined {
  const [, option] = /^Unknown option '(-[^']*)'/.exec(messageOf(cause)) ?? []
  return option && `there is no option ${option}`
}

function spellingsOf(options: CommandTable['options']): Map<string, string> {
  const pairs = Object.entries(options).flatMap(([name, { aliases = [] }]) =>
    [name, ...aliases].map((spelling) => [spelling, name] as const),
  )
  return new Map(pairs)
}

function parseConfig(options: CommandTable['options']): ParseArgsOptionsConfig {
  const entries = [...spellingsOf(options)].map(([spelling, name]) => {
    const type = options[name]?.kind === 'flag' ? ('boolean' as const) : ('string' as const)
    return [spelling, { type, multiple: true }] as const
  })
  return Object.fromEntries(entries)
}

function requirePositionals(
  positionals: readonly string[],
  { name: command, positionals: wanted }: CommandTable,
) {
  const { least = 0, most = 0 } = wanted ?? {}
  if (positionals.length < least) throw usageError(command, `an argument is missing: ${wanted?.name}`)
  if (positionals.length > most) throw usageError(command, `an argument too many: ${positionals[most]}`)
  for (const text of positionals) requireKnown(command, wanted, text)
}

function requireKnown(command: string, { name, values }: Partial<Positionals> = {}, text: string) {
  if (values !== undefined && !values.includes(text))
    throw usageError(
      command,
      `there is no ${name?.toLowerCase()} "${text}"; it is one of ${values.join(', ')}`,
    )
}

function readOption(command: string, name: string, option: Option, given: readonly GivenOption[]) {
  const { kind, isRepeatable, isRequired } = option
  if (kind === 'flag') return given.length > 0
  // As a shell makes of a variable that is not set.
  const empty = given.find(({ text }) => text.trim() === '')
  if (empty !== undefined) throw usageError(command, `--${empty.spelling} is empty`)
  // Of two the last would win without a word.
  if (given.length > 1 && !isRepeatable) throw usageError(command, `${spelled(name, given)} is given twice`)
  if (given.length === 0 && isRequired) throw usageError(command, `--${name} is missing`)
  const values = given.map(({ text, spelling }) => readValue(command, spelling, option, text))
  return isRepeatable ? values : (values[0] ?? option.default)
}

function spelled(name: string, given: readonly GivenOption[]): string {
  const spellings = [...new Set(given.map(({ spelling }) => `--${spelling}`))]
  return spellings.length === 1 ? `${spellings[0]}` : `--${name} (${spellings.join(', ')})`
}

function readValue(command: string, name: string, option: Option, text: string): string | number {
  const { kind, values } = option
  if (values !== undefined && !values.includes(text))
    throw usageError(
      command,
      `there is no ${option.value?.toLowerCase() ?? name} "${text}"; --${name} takes ${values.join(', ')}`,
    )
  if (kind === 'text' || kind === 'flag') return text
  const number = kind === 'bytes' ? readBytes(command, name, text) : readNumber(text, kind)
  const [least, largest] = option.range ?? [0, Number.MAX_SAFE_INTEGER]
  if (number >= least && number <= largest) return number
  throw usageError(command, `--${name} is "${text}", not ${wantedText(option)}`)
}

/** Not-a-number for what is none; a count may have its thousands apart, as a log prints them. */
function readNumber(text: string, kind: 'count' | 'number'): number {
  const plain = text.trim().replaceAll(/(?<=\d)[,_](?=\d{3})/g, '')
  return (kind === 'count' ? /^\d{1,15}$/ : /^\d{1,15}(\.\d+)?$|^\.\d+$/).test(plain)
    ? Number(plain)
    : Number.NaN
}

function wantedText({ kind, range }: Option): string {
  const what = kind === 'bytes' ? 'a size' : kind === 'count' ? 'a whole number' : 'a number'
  if (range === undefined) return what
  return range[1] === Number.MAX_SAFE_INTEGER
    ? `${what} of ${range[0]} or more`
    : `${what} from ${range[0]} to ${range[1]}`
}

function readBytes(command: string, option: string, text: string): number {
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
