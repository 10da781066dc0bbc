import type { CommandTable, Option, Positionals } from './option-table.ts'

const columns = 100

/** With more optional ones than this the line says no more than that there are some. */
const mostListed = 15

/** The command with all that it cannot do without: `publish RECIPE... --to REF`. */
export function shortUsage({ name, positionals, options }: CommandTable): string {
  const required = Object.entries(options).filter(([, { isRequired }]) => isRequired)
  const texts = required.map(([option, one]) => `--${option} ${valueName(one)}`)
  return [name, ...positionalText(positionals), ...texts].join(' ')
}

/** The same with the optional ones, as the first line of its help. */
export function usageLine(table: CommandTable): string {
  const { name, positionals, options } = table
  const byNeed = Object.groupBy(Object.entries(options), ([, { isRequired }]) => String(isRequired === true))
  const { true: required = [], false: optional = [] } = byNeed
  const listed = optional.length > mostListed ? ['[OPTION...]'] : optional.map(optionUsage)
  return [name, ...positionalText(positionals), ...required.map(optionUsage), ...listed].join(' ')
}

function positionalText(positionals: Positionals | undefined): string[] {
  if (positionals === undefined) return []
  const { name, values, least, most } = positionals
  const text = `${values?.join('|') ?? name}${most > Math.max(least, 1) ? '...' : ''}`
  return [least === 0 ? `[${text}]` : text]
}

function optionUsage([name, option]: readonly [string, Option]): string {
  const value = option.values?.join('|') ?? valueName(option)
  const text = value === undefined ? `--${name}` : `--${name} ${value}`
  return `${option.isRequired ? text : `[${text}]`}${option.isRepeatable ? '...' : ''}`
}

/** What the value of an option is called; undefined for a flag. */
export function valueName({ kind, value, values }: Option): string | undefined {
  if (kind === 'flag') return undefined
  if (value !== undefined) return value
  if (kind === 'bytes') return 'SIZE'
  return values?.join('|') ?? (kind === 'text' ? 'TEXT' : 'N')
}

/** What an option does, which values it takes, and what holds without it. */
export function optionText({ help, value, values, default: usual, isRepeatable, aliases }: Option): string {
  return [
    help,
    ...(value !== undefined && values !== undefined ? [`one of ${values.join(', ')}`] : []),
    ...(isRepeatable ? ['can be repeated'] : []),
    ...(usual === undefined ? [] : [`default ${usual}`]),
    ...(aliases === undefined ? [] : [`also ${aliases.map((alias) => `--${alias}`).join(', ')}`]),
  ].join('; ')
}

/** What `ingot COMMAND --help` prints. */
export function helpOf(table: CommandTable): string {
  const usage = wrapped(`usage: ingot ${usageLine(table)}`, columns - 4).join('\n    ')
  const summary = wrapped(table.summary, columns).join('\n')
  const rows = Object.entries(table.options).map(([name, option]): Row => {
    const value = valueName(option)
    return [value === undefined ? `--${name}` : `--${name} ${value}`, optionText(option)]
  })
  return `${[usage, summary, ...(rows.length === 0 ? [] : [twoColumns(rows)])].join('\n\n')}\n`
}

/** What `ingot help` prints. */
export function overview(tables: readonly CommandTable[]): string {
  const lines = tables.map((table) => `  ingot ${shortUsage(table)}\n      ${table.summary}`)
  return [
    'Image factory for LLM inference servers.',
    lines.join('\n'),
    '`ingot COMMAND --help` shows the options of a command. Every command takes `--quiet`, which leaves progress out, and `--verbose`, which also shows what the engine says.',
    'Exit codes: 0 good; 1 a stage or check failed; 2 recipe or usage wrong; 3 engine, GPU, disk space or token missing; 130 interrupted.\n',
  ].join('\n\n')
}

export type Row = readonly [left: string, right: string]

/** Two columns, the right one broken between words. */
export function twoColumns(rows: readonly Row[], indent = '  '): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  const before = indent.length + width + 2
  return rows
    .map(([left, right]) => {
      const beside = wrapped(right, columns - before)
      return `${indent}${left.padEnd(width)}  ${beside.join(`\n${' '.repeat(before)}`)}`
    })
    .join('\n')
}

/** Lines of at most `most` characters, broken between words; a bracket stays whole. */
function wrapped(text: string, most: number): string[] {
  const lines: string[] = []
  for (const word of text.match(/\[[^\]]*\]\S*|\S+/g) ?? []) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > most) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}
