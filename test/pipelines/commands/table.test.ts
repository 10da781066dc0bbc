import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { runTargets } from '../../../images/run-files/targets.ts'
import { main } from '../../../pipelines/cli.ts'
import type { CommandTable } from '../../../pipelines/command-line/option-table.ts'
import { usageLine } from '../../../pipelines/command-line/usage.ts'
import { commands } from '../../../pipelines/commands/table.ts'
import { tables } from '../../../pipelines/commands/tables/all.ts'
import { profiles } from '../../../recipes/verification.ts'

const root = resolve(import.meta.dirname, '../../..')
const named = tables.map((table): [string, CommandTable] => [table.name, table])

async function run(...argv: string[]) {
  const out: string[] = []
  const errors: string[] = []
  const context = {
    stdout: (text: string) => void out.push(text),
    stderr: (text: string) => void errors.push(text),
    environment: {},
    progress: { step: () => undefined, bytes: () => undefined, end: () => undefined, lanes: () => [] },
    signal: new AbortController().signal,
  }
  return { code: await main(argv, context), out: out.join(''), errors: errors.join('') }
}

test.each(Object.entries(commands))('ingot %s can be loaded', async (_, load) => {
  expect((await load()).run).toBeTypeOf('function')
})

test.each(named)('ingot %s: names, values and defaults of its table fit together', (_, { options }) => {
  const spellings = Object.entries(options).flatMap(([name, { aliases = [] }]) => [name, ...aliases])
  expect(new Set(spellings).size).toBe(spellings.length)
  for (const name of spellings) expect(name).toMatch(/^[a-z][a-z-]+$/)
  for (const [name, option] of Object.entries(options)) {
    const { kind, values, default: usual, range, isRequired, isRepeatable, help } = option
    expect(help, name).toMatch(/\S/)
    if (kind === 'flag') expect(option, name).toEqual({ kind, help })
    if (values && usual !== undefined) expect(values, name).toContain(usual)
    if (range && typeof usual === 'number') expect(usual, name).toBeGreaterThanOrEqual(range[0])
    if (usual !== undefined) expect([isRequired, isRepeatable], name).toEqual([undefined, undefined])
  }
})

test.each(named)('ingot %s --help has every option, in two columns of at most 100', async (name, table) => {
  const { code, out } = await run(name, '--help')
  expect(code).toBe(0)
  for (const line of out.split('\n')) expect(line.length, line).toBeLessThanOrEqual(100)
  const options = Object.keys(table.options)
  const lines = out.split('\n').filter((line) => /^ {2}\S/.test(line))
  expect(lines.map((line) => /^ {2}--([\w-]+)/.exec(line)?.[1])).toEqual(options)
  const columns = new Set(lines.map((line) => /^ {2}--.*? {2,}/.exec(line)?.[0].length))
  expect(columns.size).toBeLessThanOrEqual(1)
  expect(await run('help', name)).toEqual({ code, out, errors: '' })
  expect(await run(name, '-h')).toEqual({ code, out, errors: '' })
})

test('ingot help has every command with its summary', async () => {
  const { out } = await run('help')
  for (const [name] of named) expect(out).toMatch(new RegExp(`^  ingot ${name}\\b`, 'm'))
  for (const [, { summary }] of named) expect(out).toContain(`      ${summary}\n`)
  expect((await run()).out).toBe(out)
  expect((await run('--help')).out).toBe(out)
})

test('ingot help of no command is a usage error', async () => {
  expect(await run('help', 'nonsense')).toMatchObject({ code: 2, out: '' })
})

test('every command that there is has a file and a table', () => {
  const folder = join(root, 'pipelines/commands')
  const files = readdirSync(folder).filter(
    (name) =>
      name.endsWith('.ts') &&
      /^export const \w+Command: Command\b/m.test(readFileSync(join(folder, name), 'utf8')),
  )
  expect(files.map((name) => name.replace('.ts', '')).sort()).toEqual(Object.keys(commands).sort())
  expect(named.map(([name]) => name).sort()).toEqual(Object.keys(commands).sort())
})

test('options have no second description: none is declared outside of the tables', () => {
  const declaring = readdirSync(join(root, 'pipelines'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .filter((name) => /\bparseArgs\b/.test(readFileSync(join(root, 'pipelines', name), 'utf8')))
  expect(declaring).toEqual(['command-line/arguments.ts'])
})

/** Tables load nothing, so that help and completion are quick; these sets stand in them once more. */
test.each([
  ['run-files', 'for', runTargets],
  ['verify', 'profile', profiles],
] as const)('ingot %s --%s has all that there are', (command, option, all) => {
  const table: CommandTable | undefined = tables.find(({ name }) => name === command)
  expect(table?.options[option]?.values).toEqual(all)
})

test.each([
  [
    'run-files',
    'run-files RECIPE|NAME|DIGEST --for docker|compose|kubernetes|quadlet|kserve|kserve-llm|helm... [--image REPO] [--to FOLDER]',
  ],
  ['list', 'list [BASE] [--changed] [--json]'],
  ['prune', 'prune [RECIPE|NAME|DIGEST...] [--unused-for DAYS]'],
  ['memory', 'memory [MODEL] --engine ENGINE [OPTION...]'],
  ['completion', 'completion bash|zsh|fish'],
])('usage of %s', (name, usage) => {
  const table = tables.find((one) => one.name === name)
  expect(table && usageLine(table)).toContain(usage)
})

/** Files and packages that are loaded with a file, through everything it imports by `from`. */
function loadedWith(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  const text = readFileSync(file, 'utf8').replaceAll(/import type [^;]*? from '[^']+'/g, '')
  for (const [, name = ''] of text.matchAll(/^(?:import|export|\}) ?.*from '([^']+)'/gm)) {
    if (name.startsWith('.')) loadedWith(resolve(dirname(file), name), seen)
    else seen.add(name)
  }
  return seen
}

const short = (names: Set<string>) => [...names].map((name) => relative(root, name))
const packages = (names: Set<string>) => [...names].filter((name) => /^[@a-z][a-z.@/-]*$/.test(name))

test('help loads neither a command nor an SDK; an image that is known is built again without Dagger’s', () => {
  const cli = loadedWith(join(root, 'pipelines/cli.ts'))
  const loaded = short(cli).filter((name) => name.startsWith('pipelines/commands/'))
  expect(loaded).toContain('pipelines/commands/table.ts')
  expect(loaded.filter((name) => !/^pipelines\/commands\/table(s\/[\w-]+)?\.ts$/.test(name))).toEqual([])
  expect(packages(cli)).not.toContain('@dagger.io/dagger')
  const build = packages(loadedWith(join(root, 'pipelines/commands/build.ts')))
  expect(build).toContain('zod')
  expect(build).not.toContain('@dagger.io/dagger')
})

test('tables and the reader of arguments need no package: a container without any runs ingot gpu-code', () => {
  for (const file of ['commands/tables/all.ts', 'command-line/arguments.ts', 'command-line/usage.ts'])
    expect(packages(loadedWith(join(root, 'pipelines', file)))).toEqual([])
  const program = packages(loadedWith(join(root, 'pipelines/commands/gpu-code-program.ts')))
  expect(program.filter((name) => !name.startsWith('node:'))).toEqual([])
})
