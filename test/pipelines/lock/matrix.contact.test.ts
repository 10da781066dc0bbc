import { execFile } from 'node:child_process'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { stringify } from 'yaml'
import { listRecipes, usualRecipes } from '../../../pipelines/commands/list.ts'
import { type RawRecipe, rawRecipe } from '../../recipes/locked.ts'
import { ingot, type Place, placeOf, writeLock } from './place.ts'

const { name: _, ...shared }: RawRecipe = { ...rawRecipe('folder'), image: {} }
const matrix = {
  extends: 'shared/_base.yaml',
  name: 'tiny',
  matrix: { contextLength: [1024, 2048], delivery: ['mounted', 'baked'] },
  exclude: [{ contextLength: 2048, delivery: 'baked' }],
}
const names = ['tiny-1024-mounted', 'tiny-1024-baked', 'tiny-2048-mounted']

/** A folder `recipes` with one file that stands for three recipes, and what it extends. */
async function matrixPlace(): Promise<Place & { recipes: string; base: string }> {
  const place = await placeOf(rawRecipe('folder'))
  const recipes = join(place.folder, 'recipes')
  const base = join(recipes, 'shared', '_base.yaml')
  await mkdir(join(recipes, 'shared'), { recursive: true })
  await writeFile(base, stringify({ ...shared, weights: { source: { type: 'folder', path: 'model' } } }))
  const file = join(recipes, 'tiny.yaml')
  await writeFile(file, stringify(matrix))
  return { ...place, recipes, base, file }
}

test('a folder is checked as its recipes, and a file as its combinations', async () => {
  const place = await matrixPlace()
  await writeFile(join(place.recipes, '_part.yaml'), 'engine: {}\n')
  for (const named of [place.recipes, place.file])
    expect(await ingot(['check', named], place)).toMatchObject({ code: 0, stdout: '3 recipes are valid\n' })
  const one = await ingot(['check', `${place.file}#${names[0]}`], place)
  expect(one.stdout).toBe('recipe is valid\n')
})

test('a command for one recipe names those of the file', async () => {
  const place = await matrixPlace()
  const run = await ingot(['plan', place.file], place)
  expect(run.code).toBe(2)
  expect(run.stderr).toContain(`it stands for 3 recipes, and one is wanted: ${names.join(', ')}`)
  const wrong = await ingot(['plan', `${place.file}#tiny-4096`], place)
  expect(wrong.stderr).toContain('it has no recipe "tiny-4096"')
})

test('each combination has a lock of its own, which is found by its name', async () => {
  const place = await matrixPlace()
  const missing = await ingot(['plan', `${place.file}#${names[0]}`], place)
  expect(missing.stderr).toContain(`there is no lock at ${join(place.recipes, `${names[0]}.lock.json`)}`)
  const raw = {
    ...shared,
    name: names[0],
    weights: { source: { type: 'folder', path: 'model' }, delivery: 'mounted' },
  }
  await writeLock({ ...place, lockFile: join(place.recipes, `${names[0]}.lock.json`) }, raw)
  const run = await ingot(['plan', `${place.file}#${names[0]}`, '--json'], place)
  expect(run.code, run.stderr).toBe(0)
  expect(JSON.parse(run.stdout)).toMatchObject({ name: names[0], weights: { delivery: 'mounted' } })
})

test('several at once: what does not fit is told of each, before anything is built', async () => {
  const place = await matrixPlace()
  const raw = {
    ...shared,
    name: 'other',
    weights: { source: { type: 'folder', path: 'model' }, delivery: 'mounted' },
  }
  await writeLock({ ...place, lockFile: join(place.recipes, `${names[2]}.lock.json`) }, raw)
  const run = await ingot(['build', place.recipes], place)
  expect(run.code).toBe(2)
  expect(run.stderr).toContain(`${place.file}#${names[2]} says something else`)
})

test('list has every combination with its files; a change of what it extends touches all', async () => {
  const place = await matrixPlace()
  const before = process.cwd()
  onTestFinished(() => process.chdir(before))
  process.chdir(place.folder)
  const listed = await listRecipes('recipes')
  expect(listed.map(({ file, name }) => [file, name])).toEqual(
    names.map((name) => [`recipes/tiny.yaml#${name}`, name]),
  )
  expect(listed[0]?.files).toEqual(['recipes/tiny.yaml', 'recipes/shared/_base.yaml'])
  const git = (...args: string[]) =>
    promisify(execFile)('git', ['-c', 'user.name=a', '-c', 'user.email=a@localhost', ...args])
  await git('init', '-q')
  await git('add', 'recipes', 'tiny.yaml')
  await git('commit', '-qm', 'recipes')
  const changed = async () => JSON.parse((await ingot(['list', '--changed', '--json'], place)).stdout).recipes
  expect(await changed()).toEqual([])
  await writeFile(place.base, `${await readFile(place.base, 'utf8')}\n`)
  expect(await changed()).toHaveLength(3)
  await writeFile('compose.yaml', 'services: {}\n')
  expect((await usualRecipes()).map(({ file }) => file)).toEqual([
    'tiny.yaml',
    ...names.map((name) => `recipes/tiny.yaml#${name}`),
  ])
})

test.each([
  ['a circle', 'extends: ../tiny.yaml\n', 'which extends it in turn'],
  ['a file that is not there', 'extends: nothing.yaml\n', 'which'],
])('extending %s is told', async (_, text, words) => {
  const place = await matrixPlace()
  await writeFile(place.base, text)
  const run = await ingot(['check', place.file], place)
  expect(run.code).toBe(2)
  expect(run.stderr).toContain(words)
  expect((await listRecipes(place.recipes)).map(({ problems }) => problems)).toEqual([1])
})

test('a recipe that moves takes the paths of what it extends along: they are relative to the recipe', async () => {
  const place = await matrixPlace()
  await rename(place.file, join(place.recipes, 'shared', 'tiny.yaml'))
  await writeFile(join(place.recipes, 'shared', 'tiny.yaml'), stringify({ ...matrix, extends: '_base.yaml' }))
  const run = await ingot(['plan', join(place.recipes, 'shared', `tiny.yaml#${names[0]}`)], place)
  expect(run.stderr).toContain(join(place.recipes, 'shared', `${names[0]}.lock.json`))
})
