import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { tables } from '../../../pipelines/commands/tables/all.ts'
import { rawRecipe } from '../../recipes/locked.ts'
import { ingot, placeOf, writeLock, writeRaw } from './place.ts'

const root = resolve(import.meta.dirname, '../../..')

/** Commands whose table says that they take a recipe; `check` knows of no lock, `lock` makes it, and `prune` wants the name alone. */
const taking = tables
  .filter((table) => 'positionals' in table && /\bRECIPE\b/.test(table.positionals.name))
  .map(({ name }): string => name)
  .filter((name) => !['check', 'lock', 'prune'].includes(name))

/** What a command needs besides its recipe to get as far as its lock. */
const needed: Record<string, string[]> = {
  publish: ['--to', '127.0.0.1:9/tiny'],
  bundle: ['--to', 'bundle'],
  fetch: ['--to', 'fetched'],
  'run-files': ['--for', 'docker'],
}

test('the commands that take a recipe are known', () => {
  expect(taking).toEqual(
    expect.arrayContaining([
      'plan',
      'build',
      'verify',
      'gate',
      'publish',
      'run-files',
      'bundle',
      'sbom',
      'scan',
    ]),
  )
})

test.each(taking)('ingot %s stops with 2 at a lock of another recipe, and says which keys', async (name) => {
  const raw = rawRecipe('url')
  const place = await placeOf(raw)
  await writeLock(place, raw)
  const edited = { ...raw, name: 'other', engine: { id: 'llama-cpp', version: '>=99' } }
  await writeRaw(place.file, { ...edited, weights: rawRecipe('oci')['weights'] })
  const run = await ingot([name, place.file, ...(needed[name] ?? [])], place)
  expect(run.code, run.stderr).toBe(2)
  expect(run.stderr).toContain(`use the lock ${place.lockFile}`)
  expect(run.stderr).toContain('name: the recipe says "other", the lock "tiny"')
  expect(run.stderr).toContain('engine.version: the recipe says ">=99", the lock "0.7.0"')
  expect(run.stderr).toContain('weights.source.type: the recipe says "oci", the lock "url"')
  expect(run.stderr).toContain(`run \`ingot lock ${place.file}\``)
  expect(run.stdout).toBe('')
})

test.each(taking.filter((name) => name !== 'build'))(
  'ingot %s without a lock says where it looked',
  async (name) => {
    const place = await placeOf(rawRecipe('url'))
    const run = await ingot([name, place.file, ...(needed[name] ?? [])], place)
    expect(run.code).toBe(1)
    expect(run.stderr).toContain(`there is no lock at ${place.lockFile} (beside the recipe)`)
    const other = {
      ...place,
      environment: { ...place.environment, INGOT_LOCKS: join(place.folder, 'locks') },
    }
    const elsewhere = await ingot([name, place.file, ...(needed[name] ?? [])], other)
    expect(elsewhere.stderr).toMatch(
      /no lock at .*\/locks\/tiny-[0-9a-f]{12}\.lock\.json \(in the folder that INGOT_LOCKS names\)/,
    )
  },
)

test.each(taking)('ingot %s says of a broken lock what to do, with its path', async (name) => {
  const place = await placeOf(rawRecipe('url'))
  await writeLock(place, rawRecipe('url'))
  await writeRaw(place.lockFile, { not: 'JSON' })
  const run = await ingot([name, place.file, ...(needed[name] ?? [])], place)
  expect(run.code).toBe(2)
  expect(run.stderr).toContain(`could not read the lock ${place.lockFile}`)
  expect(run.stderr).toContain('`ingot lock RECIPE` writes it anew')
})

test('several recipes: a lock that does not fit is told before the first is built', async () => {
  const [good, bad] = [await placeOf(rawRecipe('url')), await placeOf(rawRecipe('url'))]
  await writeLock(good, rawRecipe('url'))
  await writeLock(bad, rawRecipe('pypi'))
  const run = await ingot(['build', good.file, bad.file], good)
  expect(run.code).toBe(2)
  expect(run.stderr).toContain('weights.source.type')
  expect(existsSync(join(good.folder, 'store', 'ingot', 'plan'))).toBe(false)
})

test('plan without a lock says what the recipe alone tells', async () => {
  const place = await placeOf(rawRecipe('pypi'))
  const run = await ingot(['plan', place.file], place)
  expect(run.stdout).toContain('debian:forky-slim with llama.cpp-tools')
  expect(run.stdout).toContain('tiny 1.0 of the Python package index')
  expect((await ingot(['plan', place.file, '--json'], place)).stdout).toBe('')
})

/** Sources of the product that name one of these as an import. */
function usersOf(name: RegExp): string[] {
  return readdirSync(join(root, 'pipelines'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(root, 'pipelines', file))
    .filter((file) =>
      [...readFileSync(file, 'utf8').matchAll(/import \{([^}]*)\}/g)].some(([, names = '']) =>
        name.test(names),
      ),
    )
    .map((file) => relative(root, file))
    .sort()
}

test('a lock is read in one place, so that no command takes it unasked', () => {
  expect(usersOf(/\bparseLock\b/)).toEqual(['pipelines/lock/lock-file.ts'])
  expect(usersOf(/\b(loadLock|readLockFile)\b/)).toEqual([
    'pipelines/catalogue/known-state.ts',
    'pipelines/commands/lock.ts',
    'pipelines/lock/locked-recipe.ts',
  ])
})
