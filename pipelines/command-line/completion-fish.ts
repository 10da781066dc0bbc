import { choicesOf, completionKind, spellingsOf } from './completion.ts'
import type { CommandTable, Option } from './option-table.ts'

/** A script for fish 3 and newer. */
export function fishScript(tables: readonly CommandTable[]): string {
  const names = [...tables.map(({ name }) => name), 'help']
  const isFirst = `not __fish_seen_subcommand_from ${names.join(' ')}`
  return [
    '# Completion of ingot for fish. Keep it by: ingot completion fish > ~/.config/fish/completions/ingot.fish',
    'complete -c ingot -f',
    ...tables.map(({ name, summary }) =>
      entry([`-n ${quoted(isFirst)}`, `-a ${name}`, `-d ${quoted(summary)}`]),
    ),
    entry([`-n ${quoted(isFirst)}`, '-a help', `-d ${quoted('what every command does')}`]),
    entry([
      `-n ${quoted('__fish_seen_subcommand_from help')}`,
      `-a ${quoted(tables.map(({ name }) => name).join(' '))}`,
    ]),
    ...tables.flatMap(linesOf),
    '',
  ].join('\n')
}

function linesOf({ name, positionals, options }: CommandTable): string[] {
  const within = `-n ${quoted(`__fish_seen_subcommand_from ${name}`)}`
  const kind = completionKind(positionals?.name)
  const other = positionals?.values ? [`-a ${quoted(positionals.values.join(' '))}`] : kind ? ['-F'] : []
  return [
    ...(other.length > 0 ? [entry([within, ...other])] : []),
    ...Object.entries(options).map(([option, one]) => {
      const spellings = spellingsOf(option, one).map((spelling) => `-l ${spelling}`)
      return entry([within, ...spellings, ...valueSpec(one), `-d ${quoted(one.help)}`])
    }),
    entry([within, '-l help', `-d ${quoted('what it takes')}`]),
  ]
}

/** -x: a value and no files; -r -F: a value that is a file. */
function valueSpec(option: Option): string[] {
  if (option.kind === 'flag') return []
  const choices = choicesOf(option)
  if (choices.length > 0) return ['-x', `-a ${quoted(choices.join(' '))}`]
  const kind = completionKind(option.value)
  if (kind === undefined) return ['-x']
  return kind === 'file' ? ['-r', '-F'] : ['-x', `-a ${quoted('(__fish_complete_directories)')}`]
}

function entry(parts: readonly string[]): string {
  return `complete -c ingot ${parts.join(' ')}`
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
