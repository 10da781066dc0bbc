import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { runTargets } from '../../../images/run-files/generate.ts'
import { main } from '../../../pipelines/cli.ts'
import { commands } from '../../../pipelines/commands/table.ts'

const root = resolve(import.meta.dirname, '../../..')

test.each(Object.entries(commands))('ingot %s explains every option of its usage', async (name, entry) => {
  expect(entry.usage.split(' ')[0]).toBe(name)
  const { options, run } = await entry.load()
  expect(run).toBeTypeOf('function')
  // `--for TOOL` and the like are explained with their value.
  const explained = Object.keys(options).map((option) => option.split(' ')[0])
  const written = [...entry.usage.matchAll(/--([a-z-]+)/g)].map((match) => match[1])
  expect(explained).toEqual(expect.arrayContaining(written))
})

test.each(Object.keys(commands))(
  'ingot %s --help puts options and their texts in two columns',
  async (name) => {
    const out: string[] = []
    const context = {
      stdout: (text: string) => void out.push(text),
      stderr: () => undefined,
      environment: {},
      progress: { step: () => undefined, bytes: () => undefined, end: () => undefined, lanes: () => [] },
      signal: new AbortController().signal,
    }
    expect(await main([name, '--help'], context)).toBe(0)
    const said = out.join('')
    const lines = said.split('\n').slice(3).filter(Boolean)
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(100)
    const columns = new Set(lines.map((line) => /^ {2}--.*? {2,}|^ +/.exec(line)?.[0].length))
    expect(columns.size, said).toBeLessThanOrEqual(1)
  },
)

test('every command that there is stands in the table', () => {
  const folder = join(root, 'pipelines/commands')
  const files = readdirSync(folder).filter((name) =>
    /^export const \w+Command: Command\b/m.test(readFileSync(join(folder, name), 'utf8')),
  )
  expect(files.map((name) => name.replace('.ts', '')).sort()).toEqual(Object.keys(commands).sort())
})

test('the usage of run-files names every tool', () => {
  for (const target of runTargets) expect(commands['run-files']?.usage).toContain(target)
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

test('help loads neither a command nor an SDK; an image that is known is built again without Dagger’s', () => {
  const short = (names: Set<string>) => [...names].map((name) => relative(root, name))
  const loaded = short(loadedWith(join(root, 'pipelines/cli.ts')))
  expect(loaded).toContain('pipelines/commands/table.ts')
  expect(loaded.filter((name) => name.startsWith('pipelines/commands/')).sort()).toEqual([
    'pipelines/commands/exit.ts',
    'pipelines/commands/table.ts',
  ])
  const packages = (names: Set<string>) => [...names].filter((name) => /^[@a-z][a-z.@/-]*$/.test(name))
  expect(packages(loadedWith(join(root, 'pipelines/cli.ts')))).not.toContain('@dagger.io/dagger')
  const build = packages(loadedWith(join(root, 'pipelines/commands/build.ts')))
  expect(build).toContain('zod')
  expect(build).not.toContain('@dagger.io/dagger')
})
