import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bashScript } from '../../../pipelines/command-line/completion-bash.ts'
import { fishScript } from '../../../pipelines/command-line/completion-fish.ts'
import { zshScript } from '../../../pipelines/command-line/completion-zsh.ts'
import type { CommandTable } from '../../../pipelines/command-line/option-table.ts'
import { tables } from '../../../pipelines/commands/tables/all.ts'
import { inBash, inFish, inZsh, type Offering } from './shells.ts'

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-completion-'))
  await mkdir(join(folder, 'functions'))
  await writeFile(join(folder, 'ingot.bash'), bashScript(tables))
  await writeFile(join(folder, 'ingot.fish'), fishScript(tables))
  await writeFile(join(folder, 'functions/_ingot'), zshScript(tables))
  await mkdir(join(folder, 'place'))
  await mkdir(join(folder, 'place/below'))
  await writeFile(join(folder, 'place/my model.yaml'), '')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const names = tables.map(({ name }) => name)
const optionsOf = ({ options }: CommandTable) =>
  Object.entries(options).flatMap(([name, { aliases = [] }]) => [name, ...aliases].map((one) => `--${one}`))

/** Words of a line, and what is offered for the last of them. */
const cases: [words: string[], offered: string[]][] = [
  [
    ['ingot', ''],
    [...names, 'help'],
  ],
  [
    ['ingot', 'bu'],
    ['build', 'bundle'],
  ],
  [['ingot', 'gpu'], ['gpu-code']],
  [
    ['ingot', 'help', 'ver'],
    ['verify', 'version'],
  ],
  [
    ['ingot', 'completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
  [
    ['ingot', 'verify', '--runner', ''],
    ['dagger', 'docker', 'podman'],
  ],
  [['ingot', 'verify', '--runner', 'do'], ['docker']],
  [['ingot', 'verify', 'x.yaml', '--profile', 'h'], ['hostile']],
  [['ingot', 'run-files', 'x.yaml', '--for', 'docker', '--for', 'ku'], ['kubernetes']],
  [
    ['ingot', 'memory', '--engine', 't'],
    ['tgi', 'tensorrt-llm'],
  ],
  [
    ['ingot', 'build', '--no-'],
    ['--no-verify', '--no-slim'],
  ],
  [['ingot', 'build', 'x.yaml', '--par'], ['--parallel']],
  [['ingot', 'memory', '--ctx-'], ['--ctx-size']],
  [['ingot', 'memory', '--tp', ''], []],
]

describe.each<[string, Offering]>([
  ['bash', inBash],
  ['zsh', inZsh],
  ['fish', inFish],
])('in %s', (shell, offering) => {
  test.each(cases)('%j', async (words, offered) => {
    expect((await offering({ folder }, words)).sort()).toEqual([...offered].sort())
  })

  test.each(tables.map((table) => [table.name, table] as const))(
    'every option of %s is offered',
    async (name, table) => {
      const offered = await offering({ folder }, ['ingot', name, '--'])
      expect(offered.sort()).toEqual([...optionsOf(table), '--help'].sort())
    },
  )

  test('files are offered where a recipe is wanted, folders where a folder is', async () => {
    const recipes = await offering({ folder }, ['ingot', 'build', 'pla'])
    expect(recipes.map((path) => path.replace(/\/$/, ''))).toEqual(['place'])

    const below = await offering({ folder }, ['ingot', 'bundle', 'x.yaml', '--to', 'place/'])
    expect(below.map((path) => path.replace(/\/$/, '').replace('place/', ''))).toEqual(['below'])
    const files = await offering({ folder }, ['ingot', 'build', 'place/'])
    const plain = files.map((path) => path.replace(/\/$/, '').replace('place/', '').replaceAll('\\', ''))
    expect(plain.sort(), shell).toEqual(['below', 'my model.yaml'])
  })
})

test.each([
  [['ingot', 'verify', '--runner=po'], ['podman']],
  [
    ['ingot', 'verify', '--runner='],
    ['dagger', 'docker', 'podman'],
  ],
])('in bash, whose words end at =: %j', async (words, offered) => {
  expect(await inBash({ folder }, words)).toEqual(offered)
})
