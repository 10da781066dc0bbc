import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { toolPath } from '../../tools/find.ts'

/** A folder to stand in; the script of each shell lies in it as `ingot.SHELL`. */
export interface Place {
  folder: string
}

/** What a shell offers for the last word of a line; the empty word is the last one after a blank. */
export type Offering = (place: Place, words: readonly string[]) => Promise<string[]>

async function outputOf(program: string, args: readonly string[], { folder }: Place): Promise<string> {
  const env = { PATH: process.env['PATH'], HOME: folder, TERM: 'xterm', LC_ALL: 'C.UTF-8' }
  return (await promisify(execFile)(program, args, { cwd: folder, env, timeout: 20_000 })).stdout
}

const lines = (text: string) => text.split('\n').filter((line) => line !== '')

/** readline cuts words at `=` as well and hands them over in COMP_WORDS; `compopt` works in its hands alone. */
export const inBash: Offering = async (place, words) => {
  const cut = words.flatMap((word) => word.split(/(?<==)|(?==)/))
  const script = `
    compopt() { :; }
    source ./ingot.bash
    COMP_WORDS=("$@") COMP_CWORD=$(( $# - 1 ))
    [[ $(complete -p ingot) == 'complete -F _ingot ingot' ]] || exit 3
    _ingot
    printf '%s\\n' "\${COMPREPLY[@]}"`
  return lines(await outputOf('bash', ['--norc', '-c', script, 'bash', ...cut], place))
}

/** fish tells what it would offer, each with its description behind a tab. */
export const inFish: Offering = async (place, words) => {
  const script = 'source ./ingot.fish; complete -C (string join " " -- $argv)'
  const said = await outputOf(toolPath('fish'), ['--no-config', '-c', script, ...words], place)
  return lines(said).map((line) => line.split('\t')[0] ?? '')
}

/** zsh completes in its line editor alone, so one that sits at a terminal is typed to; what it would add goes into a file. */
export const inZsh: Offering = async (place, words) => {
  await writeFile(
    join(place.folder, 'editor.zsh'),
    `PROMPT= fpath=(${place.folder}/functions $fpath)
autoload -Uz compinit && compinit -u -D
bindkey '^I' complete-word
compadd() {
  if (( \${argv[(I)-[OAD]]} )); then builtin compadd "$@"; return; fi
  local -a hits
  builtin compadd -A hits "$@"
  print -rl -- $hits >> offered
  builtin compadd "$@"
}
leave() { exit }
comppostfuncs=(leave)
print ready
`,
  )
  await writeFile(join(place.folder, 'offered'), '')
  const script = `
zmodload zsh/zpty
zpty typed zsh -f -i
zpty -w typed 'source ./editor.zsh'
zpty -r typed line '*ready*'
zpty -w -n typed "$1"$'\\t'
while zpty -r typed line; do :; done`
  await outputOf(toolPath('zsh'), ['-f', '-c', script, 'zsh', words.join(' ')], place)
  // It asks again in looser ways where a first one found little.
  return [...new Set(lines(await readFile(join(place.folder, 'offered'), 'utf8')))]
}
