import { groups, type Variable, variables } from '../pipelines/settings/variables.ts'
import { row } from './markdown.ts'

/** Every variable that a person may set. */
export function environmentPage(): string {
  return [
    '# Environment',
    '',
    'What ingot reads of the environment. A value here is a setting of the machine or the person, never of an image: an image is decided by recipe and lock alone.',
    'An empty variable counts as one that is unset. Each command but `check`, `completion`, `gpu-code` and `version` reads them all at its start: a wrong value ends it',
    'with exit code 2 and the name of the variable, never with the value, which may be a secret.',
    '',
    'This page is generated from `pipelines/settings/variables.ts` by `npm run docs`.',
    ...Object.entries(groups).flatMap(([group, title]) => section(group, title)),
    '',
    'A secret URI `env://NAME` reads the variable of that name. URIs of Dagger’s providers (`vault://`, `op://` and others) read the variables of those services,',
    'such as `VAULT_ADDR`, in the engine’s client. Programs that ingot starts get the whole environment. The scripts of workflows take `INGOT_…` variables of',
    'their own ([github-actions.md](github-actions.md)).',
    '',
  ].join('\n')
}

const all: [string, Variable][] = Object.entries(variables)

function section(group: string, title: string): string[] {
  const rows = all
    .filter(([, variable]) => variable.group === group)
    .map(([name, { meaning, usual = '', reader = 'ingot' }]) => row([`\`${name}\``, meaning, usual, reader]))
  return [
    '',
    `## ${title}`,
    '',
    '| variable | meaning | without it | read by |',
    '| --- | --- | --- | --- |',
    ...rows,
  ]
}
