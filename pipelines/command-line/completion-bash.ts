import { choicesOf, completionKind, spellingsOf } from './completion.ts'
import type { CommandTable, Option } from './option-table.ts'

/**
 * A script for bash 4.2 and newer that needs no bash-completion. bash cuts a line at `=` and `:`, so `--runner=dock` comes
 * as three words.
 */
export function bashScript(tables: readonly CommandTable[]): string {
  return `# Completion of ingot for bash. Load it by: source <(ingot completion bash)
_ingot() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]}
  if [[ $word == = ]]; then
    word=
  elif [[ $before == = ]]; then
    before=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  COMPREPLY=()
  if (( COMP_CWORD == 1 )); then
    COMPREPLY=($(compgen -W '${[...tables.map(({ name }) => name), 'help'].join(' ')}' -- "$word"))
    return
  fi
  case $command:$before in
${tables.flatMap(valueCases).join('\n')}
    help:*) COMPREPLY=($(compgen -W '${tables.map(({ name }) => name).join(' ')}' -- "$word")); return ;;
  esac
  case $command in
${tables.map(commandCase).join('\n')}
  esac
}
complete -F _ingot ingot
`
}

/** What may follow an option that takes a value. */
function valueCases({ name: command, options }: CommandTable): string[] {
  return Object.entries(options)
    .filter(([, { kind }]) => kind !== 'flag')
    .map(([name, option]) => {
      const patterns = spellingsOf(name, option).map((spelling) => `${command}:--${spelling}`)
      return `    ${patterns.join('|')}) ${optionValue(option)}return ;;`
    })
}

function optionValue(option: Option): string {
  const choices = choicesOf(option)
  if (choices.length > 0) return `${words(choices)}; `
  return reply(completionKind(option.value))
}

function commandCase({ name, positionals, options }: CommandTable): string {
  const flags = Object.entries(options).flatMap(([option, one]) =>
    spellingsOf(option, one).map((spelling) => `--${spelling}`),
  )
  const other = positionals?.values
    ? `${words(positionals.values)}; `
    : reply(completionKind(positionals?.name))
  return `    ${name}) if [[ $word == -* ]]; then ${words([...flags, '--help'])}; else ${other || ': ; '}fi ;;`
}

function words(choices: readonly string[]): string {
  return `COMPREPLY=($(compgen -W '${choices.join(' ')}' -- "$word"))`
}

/** `compopt` has bash quote what needs it and put a slash behind folders. */
function reply(kind: 'file' | 'folder' | undefined): string {
  if (kind === undefined) return ''
  return `compopt -o filenames; mapfile -t COMPREPLY < <(compgen ${kind === 'file' ? '-f' : '-d'} -- "$word"); `
}
