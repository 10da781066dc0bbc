import { choicesOf, completionKind, spellingsOf } from './completion.ts'
import type { CommandTable, Option } from './option-table.ts'

/** A script for zsh 5: loaded from the function path as `_ingot`, or by `source`. */
export function zshScript(tables: readonly CommandTable[]): string {
  return `#compdef ingot
# Completion of ingot for zsh. Keep it as _ingot in a folder of fpath, or load it after compinit by: source <(ingot completion zsh)
_ingot() {
  local -a commands=(
${[...tables.map(described), `    ${quoted('help:what every command does')}`].join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  local command=$words[2]
  # What follows the command is completed as if the command were the program.
  shift words
  (( CURRENT-- ))
  case $command in
${tables.map(commandCase).join('\n')}
    help) _describe 'command' commands ;;
  esac
}
if [ "$funcstack[1]" = _ingot ]; then
  _ingot "$@"
else
  compdef _ingot ingot
fi
`
}

function described({ name, summary }: CommandTable): string {
  return `    ${quoted(`${name}:${summary.replaceAll(':', '\\:')}`)}`
}

function commandCase({ name, positionals, options }: CommandTable): string {
  const specs = Object.entries(options).flatMap(([option, one]) =>
    spellingsOf(option, one).map((spelling) => optionSpec(spelling, one)),
  )
  const others = positionals
    ? [
        `${positionals.most > 1 ? '*' : '1'}:${specText(positionals.name)}:${action(positionals.values ?? [], positionals.name)}`,
      ]
    : []
  const lines = [...specs, '--help[what it takes]', ...others].map((spec) => `      ${quoted(spec)}`)
  return `    ${name}) _arguments -S \\\n${lines.join(' \\\n')} ;;`
}

function optionSpec(spelling: string, option: Option): string {
  const repeat = option.isRepeatable ? '*' : ''
  const start = `${repeat}--${spelling}`
  const help = `[${specText(option.help)}]`
  if (option.kind === 'flag') return `${start}${help}`
  const value = option.value ?? 'value'
  return `${start}=${help}:${specText(value)}:${action(choicesOf(option), option.value)}`
}

/** What is offered: words, files, folders, or only what is wanted in words. */
function action(choices: readonly string[], name: string | undefined): string {
  if (choices.length > 0) return `(${choices.join(' ')})`
  const kind = completionKind(name)
  if (kind === undefined) return ' '
  return kind === 'file' ? '_files' : '_files -/'
}

/** Brackets and colons are signs of `_arguments`. */
function specText(text: string): string {
  return text.replaceAll(/[\\[\]:]/g, '\\$&')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
