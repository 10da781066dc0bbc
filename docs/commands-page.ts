import type { CommandTable, Option } from '../pipelines/command-line/option-table.ts'
import { shortUsage, usageLine, valueName } from '../pipelines/command-line/usage.ts'
import { row } from './markdown.ts'

/** Every command with every option. */
export function commandsPage(tables: readonly CommandTable[]): string {
  return [
    '# Commands',
    '',
    'What every command of `ingot` takes. `ingot COMMAND --help` prints the same. Results go to stdout, progress and failures to stderr.',
    '`--` ends the options. An option that is given twice, and one that is empty, is an error unless the option can be repeated.',
    'Sizes are numbers with a unit: 10GB is in powers of 1000, 512MiB in powers of 1024.',
    '',
    'Exit codes: 0 good; 1 a stage or a check failed; 2 recipe or usage wrong; 3 no engine, GPU, disk space or token; 130 interrupted.',
    '',
    'A shell completes commands, options and their values after one of these lines:',
    '',
    '```',
    'source <(ingot completion bash)                                      bash: in ~/.bashrc',
    'ingot completion zsh > FOLDER/_ingot                                 zsh: FOLDER in fpath, before compinit',
    'ingot completion fish > ~/.config/fish/completions/ingot.fish        fish',
    '```',
    '',
    'This page is generated from the tables in `pipelines/commands/tables/` by `npm run docs`.',
    ...tables.flatMap(section),
    '',
  ].join('\n')
}

function section(table: CommandTable): string[] {
  const options = Object.entries(table.options)
  return [
    '',
    `## ingot ${table.name}`,
    '',
    sentence(table.summary),
    '',
    '```',
    `ingot ${usageLine(table)}`,
    '```',
    ...(options.length === 0
      ? []
      : [
          '',
          '| option | value | default | meaning |',
          '| --- | --- | --- | --- |',
          ...options.map(optionRow),
        ]),
  ]
}

function optionRow([name, option]: readonly [string, Option]): string {
  const { values, default: usual, help, aliases = [], isRequired, isRepeatable } = option
  const value = values?.map((one) => `\`${one}\``).join(', ') ?? valueName(option) ?? ''
  const notes = [
    help,
    ...(isRepeatable ? ['can be repeated'] : []),
    ...(aliases.length > 0 ? [`also ${aliases.map((alias) => `\`--${alias}\``).join(', ')}`] : []),
  ]
  const without = isRequired ? 'required' : usual === undefined ? '' : `\`${usual}\``
  return row([`\`--${name}\``, value, without, notes.join('; ')])
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

const listStart = '<!-- The list of commands is written by `npm run docs`. -->\n'
const listEnd = '<!-- The list of commands ends here. -->'

/** The page with its list of commands as the tables have it. Throws where the page has no place for one. */
export function withCommandList(page: string, tables: readonly CommandTable[]): string {
  const [start, end] = [page.indexOf(listStart), page.indexOf(listEnd)]
  if (start < 0 || end < start) throw new Error('README.md has no place for the list of commands')
  const rows = tables.map((table) =>
    row([`[\`ingot ${shortUsage(table)}\`](docs/commands.md#ingot-${table.name})`, table.summary]),
  )
  const list = ['', '| command | what it does |', '| --- | --- |', ...rows, '', ''].join('\n')
  return `${page.slice(0, start + listStart.length)}${list}${page.slice(end)}`
}
