import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { mkdir, readdir, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lockFileOf, readLockFile, saveLock } from '../../../pipelines/lock/lock-file.ts'
import { readSettings } from '../../../pipelines/settings/settings.ts'
import { formatLock, type Lock } from '../../../recipes/lock.ts'
import { lockMadeFrom, rawRecipe, recipeOf } from '../../recipes/locked.ts'
import { scratchFolder } from '../../scratch.ts'
import { ingot, placeOf } from './place.ts'

const lock = lockMadeFrom(recipeOf(rawRecipe('huggingface')))
const text = formatLock(lock)

test.each([
  ['beside the recipe', '/a/b/tiny.yaml', {}, '/a/b/tiny.lock.json'],
  ['with an empty variable', '/a/tiny.yml', { INGOT_LOCKS: '' }, '/a/tiny.lock.json'],
] as const)('a lock lies %s', (_, file, environment, expected) => {
  expect(lockFileOf(file, readSettings(environment))).toBe(expected)
})

test('one folder for locks: recipes of one file name in two folders have two locks, one recipe has one', () => {
  const at = (file: string) => lockFileOf(file, { locksFolder: '/locks' })
  expect(at('/a/tiny.yaml')).toMatch(/^\/locks\/tiny-[0-9a-f]{12}\.lock\.json$/)
  expect(at('/a/tiny.yaml')).not.toBe(at('/b/tiny.yaml'))
  expect(at('/a/tiny.yaml')).not.toBe(at('/a/tiny.yml'))
  expect(at('/a/x/../tiny.yaml')).toBe(at('/a/tiny.yaml'))
  expect(at('tiny.yaml')).toBe(at(join(process.cwd(), 'tiny.yaml')))
})

const merged = text.replace(/("commit": .*\n)/, '<<<<<<< ours\n$1=======\n$1>>>>>>> theirs\n')

test.each([
  ['merge conflict markers', merged, 'it is not JSON'],
  ['nothing', '', 'it is not JSON'],
  ['half of it', text.slice(0, text.length / 2), 'it is not JSON'],
  ['a list', '[]', 'expected object'],
  ['null', 'null', 'expected object'],
  ['another version', text.replace('"lockVersion": 1', '"lockVersion": 2'), 'lockVersion'],
  ['a wrong type', text.replace('"recipe": "tiny"', '"recipe": 7'), 'recipe'],
  ['an unknown member', text.replace('"recipe": "tiny"', '"recipe": "tiny", "more": 1'), 'more'],
  ['a version that is none', text.replace('"version": "0.7.0"', '"version": "banana"'), 'engine.version'],
  ['an edited hash', text.replace(/"sha256": "a+"/, `"sha256": "${'b'.repeat(64)}"`), 'edited by hand'],
])('%s in a lock is broken, not a crash', async (_, content, words) => {
  const file = join(await scratchFolder(), 'x.lock.json')
  await writeFile(file, content)
  const found = await readLockFile(file)
  expect(found).toMatchObject({ state: 'broken', error: { code: 'invalid-lock' } })
  expect(found.state === 'broken' && found.error.failure.found).toContain(words)
})

test('a lock of absurd size is not read', async () => {
  const file = join(await scratchFolder(), 'x.lock.json')
  await writeFile(file, '')
  await truncate(file, 2 ** 40)
  expect(await readLockFile(file)).toMatchObject({ state: 'broken' })
})

test.each<[string, (file: string) => unknown]>([
  ['a folder', (file) => mkdir(file)],
  ['a pipe', (file) => execFileSync('mkfifo', [file])],
  ['a device', (file) => symlink('/dev/zero', file)],
  ['a loop of links', (file) => symlink(file, file)],
])('%s in place of a lock is named at once, by every command', async (_, make) => {
  const place = await placeOf(rawRecipe('url'))
  await make(place.lockFile)
  for (const command of [['lock'], ['lock', '--check'], ['plan'], ['build']]) {
    const run = await ingot([...command, place.file], place)
    expect(run.code).toBe(2)
    expect(run.stderr).toContain(`could not read the lock ${place.lockFile}`)
    expect(run.stderr).not.toMatch(/\n +at /)
  }
})

test('a folder for locks that is a file is named', async () => {
  const place = await placeOf(rawRecipe('url'))
  const environment = { ...place.environment, INGOT_LOCKS: place.file }
  const run = await ingot(['plan', place.file], { ...place, environment })
  expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining('INGOT_LOCKS') })
})

const [first] = lock.weights.files
const files = (...changes: object[]) =>
  changes.map((change) => ({ path: 'a', sizeBytes: 1, sha256: 'a'.repeat(64), ...first, ...change }))

test.each<[string, Partial<Lock['weights']>]>([
  [
    'a commit that is no hash',
    { source: { type: 'huggingface', repo: 'a/b', revision: 'main', commit: 'main' } },
  ],
  ['a path twice', { files: files({}, {}) }],
  ['a path that leaves the folder', { files: files({ path: 'sub/../../x' }) }],
  ['a negative size', { files: files({ sizeBytes: -1 }) }],
  ['no file', { files: [] }],
])('%s is never written; an earlier lock stays', async (_, change) => {
  const folder = await scratchFolder()
  const file = join(folder, 'x.lock.json')
  const bad = { ...lock, weights: { ...lock.weights, ...change } }
  await expect(saveLock(file, bad)).rejects.toMatchObject({ code: 'bad-answer' })
  expect(readdirSync(folder)).toEqual([])
  await saveLock(file, lock)
  await expect(saveLock(file, bad)).rejects.toMatchObject({ code: 'bad-answer' })
  expect(await readLockFile(file)).toEqual({ state: 'read', lock })
})

test('a lock that cannot be written leaves nothing, and says where', async () => {
  const folder = await scratchFolder()
  await writeFile(join(folder, 'file'), '')
  const inside = join(folder, 'file', 'x.lock.json')
  await expect(saveLock(inside, lock)).rejects.toMatchObject({ code: 'unwritable-lock' })
  await mkdir(join(folder, 'y.lock.json'))
  await expect(saveLock(join(folder, 'y.lock.json'), lock)).rejects.toThrow('y.lock.json')
  expect((await readdir(folder)).sort()).toEqual(['file', 'y.lock.json'])
})

test.skipIf(!readdirSync('/dev').includes('full'))('a full disk ends with 3', async () => {
  const folder = await scratchFolder()
  // What is written to this device fails as on a full disk.
  for (let write = 1; write <= 50; write += 1)
    await symlink('/dev/full', join(folder, `x.lock.json.${process.pid}-${write}.part`))
  await expect(saveLock(join(folder, 'x.lock.json'), lock)).rejects.toMatchObject({ code: 'no-space' })
  expect(readdirSync(folder)).toHaveLength(49)
})

test('one lock that is written several times at once is whole, and nothing lies beside it', async () => {
  const folder = await scratchFolder()
  const file = join(folder, 'x.lock.json')
  await Promise.all(Array.from({ length: 8 }, () => saveLock(file, lock)))
  expect(await readLockFile(file)).toEqual({ state: 'read', lock })
  expect(readdirSync(folder)).toEqual(['x.lock.json'])
})
