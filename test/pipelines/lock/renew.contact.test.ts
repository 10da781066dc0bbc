import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { StageError } from '../../../pipelines/error.ts'
import { loadRecipe } from '../../../pipelines/lock/recipe-files.ts'
import { resolveLock } from '../../../pipelines/lock/resolve.ts'
import { readSettings } from '../../../pipelines/settings/settings.ts'
import { formatLock, type Lock } from '../../../recipes/lock.ts'
import { setDigestOf } from '../../../recipes/weights.ts'
import { repoOf } from '../../hub/repo.ts'
import { startHub } from '../../hub/server.ts'
import { lockMadeFrom, type RawRecipe, rawRecipe, recipeOf, withoutRecord } from '../../recipes/locked.ts'
import { sha256 } from '../weights/samples.ts'
import { ingot, type Place, placeOf, readLock, writeLock, writeRaw } from './place.ts'

/** A safetensors file without a tensor. */
const header = Buffer.from('{}')
const model = Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), header])

const repoFiles = {
  'config.json': '{"architectures":["LlamaForCausalLM"],"model_type":"llama"}',
  'extra.txt': 'more',
  'model.safetensors': model,
}

function withSource(source: object, more: RawRecipe = {}): RawRecipe {
  return { ...rawRecipe('url'), weights: { source }, ...more }
}

const hubSource = { type: 'huggingface', repo: 'acme/tiny', include: ['extra.txt'] }

/** A Hub whose branch moved on since the lock: only the locked commit and the new one are there. */
async function hubPlace(
  raw: RawRecipe,
): Promise<{ place: Place; lock: Lock; newest: string; paths(): string[] }> {
  const old = { ...repoOf('acme/tiny', repoFiles), tags: ['v2'] }
  const hub = await startHub([old])
  onTestFinished(() => hub.close())
  const place = await placeOf(raw, { HF_ENDPOINT: hub.url })
  const made = lockMadeFrom(recipeOf(raw))
  const commit = old.commit
  // The pinned source of this recipe is a commit of the Hub.
  const source = { ...made.weights.source, commit } as Lock['weights']['source']
  const files = [{ path: 'extra.txt', sizeBytes: 4, sha256: sha256('more') }]
  const setDigest = setDigestOf(files)
  const lock = { ...made, weights: { source, files, setDigest } }
  await writeFile(place.lockFile, formatLock(lock))
  return { place, lock, newest: commit, paths: () => hub.requests.map(({ path }) => path) }
}

test('nothing was edited: nothing is asked, nothing is written, no engine is opened', async () => {
  const { place, lock, paths } = await hubPlace(withSource(hubSource))
  const run = await ingot(['lock', place.file], place)
  expect(run).toMatchObject({ code: 0, stderr: '' })
  expect(run.stdout).toContain('nothing to renew')
  expect(paths()).toEqual([])
  expect(await readLock(place)).toEqual(lock)
})

test.each<[string, object, RawRecipe]>([
  ['a range that the pinned version is in', {}, { engine: { id: 'llama-cpp', version: '>=0.5' } }],
  ['the place of a token', { token: 'env://TWO' }, {}],
  ['a name', {}, { name: 'other' }],
])('an edit of %s renews the record, asks nobody, and the lock fits again', async (_, more, keys) => {
  const { place, lock, paths } = await hubPlace(withSource(hubSource))
  await writeRaw(place.file, withSource({ ...hubSource, ...more }, keys))
  expect((await ingot(['plan', place.file], place)).code).toBe(2)
  expect((await ingot(['lock', place.file], place)).code).toBe(0)
  expect(paths()).toEqual([])
  const now = await readLock(place)
  expect(now.runtime).toEqual(lock.runtime)
  expect(now.weights.files).toEqual(lock.weights.files)
  expect((await ingot(['lock', place.file], place)).stdout).toContain('nothing to renew')
})

test('an edit of include lists the pinned commit again, and the branch stays where it was', async () => {
  const { place, lock, newest, paths } = await hubPlace(withSource(hubSource))
  await writeRaw(place.file, withSource({ ...hubSource, include: ['extra.txt', 'config.json'] }))
  const run = await ingot(['lock', place.file], place)
  expect(run.code, run.stderr).toBe(0)
  const now = await readLock(place)
  expect(now.weights.files.map(({ path }) => path)).toEqual(['config.json', 'extra.txt'])
  expect(now.weights.source).toMatchObject({ revision: 'main', commit: newest })
  expect(now.runtime).toEqual(lock.runtime)
  expect(paths().filter((path) => path.includes('/revision/'))).toEqual([
    `/api/models/acme/tiny/revision/${newest}`,
  ])
})

test('an edit of the revision asks for it', async () => {
  const { place, paths } = await hubPlace(withSource(hubSource))
  await writeRaw(place.file, withSource({ ...hubSource, revision: 'v2' }))
  expect((await ingot(['lock', place.file], place)).code).toBe(0)
  expect((await readLock(place)).weights.source).toMatchObject({ revision: 'v2' })
  expect(paths()).toContain('/api/models/acme/tiny/revision/v2')
})

test('a lock from before the record is listed again at its commit, and gets the record', async () => {
  const { place, lock, newest, paths } = await hubPlace(withSource(hubSource))
  await writeFile(place.lockFile, formatLock(withoutRecord(lock)))
  expect((await ingot(['plan', place.file], place)).stderr).not.toContain('the recipe says')
  const run = await ingot(['lock', place.file], place)
  expect(run.code, run.stderr).toBe(0)
  expect(run.stdout).toContain('the lock now records what it was made from')
  const now = await readLock(place)
  expect(now.madeFrom).toEqual(lock.madeFrom)
  expect(now.runtime).toEqual(lock.runtime)
  expect(paths()).toContain(`/api/models/acme/tiny/revision/${newest}`)
})

test.each(['main', 'C0'.repeat(20), 'c0c0'])(
  'a Hub whose commit is "%s" gives one clear error and no lock',
  async (commit) => {
    const hub = await startHub([{ ...repoOf('acme/tiny', repoFiles), commit }])
    onTestFinished(() => hub.close())
    const raw = withSource(hubSource)
    const place = await placeOf(raw, { HF_ENDPOINT: hub.url })
    const before = await writeLock(place, raw)
    await writeRaw(
      place.file,
      withSource({ ...hubSource, repo: 'acme/tiny', revision: 'main', include: ['extra*'] }),
    )
    await writeFile(
      place.lockFile,
      formatLock({ ...before, recipe: 'tiny', weights: lockMadeFrom(recipeOf(rawRecipe('url'))).weights }),
    )
    const text = formatLock(await readLock(place))
    const run = await ingot(['lock', place.file], place)
    expect(run.code).toBe(1)
    expect(run.stderr).toMatch(/read http:.*\n +found: .*commit/)
    expect(run.stderr).not.toMatch(/\n +at /)
    expect(formatLock(await readLock(place))).toBe(text)
  },
)

async function folderPlace(): Promise<{ place: Place; raw: RawRecipe }> {
  const raw = withSource({ type: 'folder', path: 'model' })
  const place = await placeOf(raw)
  await mkdir(join(place.folder, 'model'))
  await writeFile(join(place.folder, 'model', 'notes.txt'), 'one')
  await writeLock(place, raw)
  const run = await ingot(['lock', place.file], place)
  expect(run.code, run.stderr).toBe(0)
  return { place, raw }
}

test('a folder is read without an engine, and only its half is renewed', async () => {
  const { place } = await folderPlace()
  const before = await readLock(place)
  expect(before.weights.files).toEqual([{ path: 'notes.txt', sizeBytes: 3, sha256: sha256('one') }])
  await writeFile(join(place.folder, 'model', 'notes.txt'), 'two')
  await writeFile(join(place.folder, 'model', 'more.txt'), '')
  const run = await ingot(['lock', place.file], place)
  expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('more.txt') })
  const now = await readLock(place)
  expect(now.weights.files.map(({ path }) => path)).toEqual(['more.txt', 'notes.txt'])
  expect({ ...now, weights: 0 }).toEqual({ ...before, weights: 0 })
  expect((await ingot(['lock', place.file], place)).stdout).toContain('nothing to renew')
})

test('the lock and the recipe in the folder of the weights do not change the weights', async () => {
  const raw = withSource({ type: 'folder', path: '.', exclude: ['*.yaml'] })
  const place = await placeOf(raw)
  await writeFile(join(place.folder, 'notes.txt'), 'one')
  await mkdir(join(place.folder, '.ingot'))
  await writeFile(join(place.folder, '.ingot', 'log'), 'one')
  await writeLock(place, raw)
  for (const words of ['setDigest', 'nothing to renew'])
    expect((await ingot(['lock', place.file], place)).stdout).toContain(words)
  expect((await readLock(place)).weights.files.map(({ path }) => path)).toEqual(['notes.txt'])
})

test('a lock that is broken is not kept in any part', async () => {
  const { place } = await folderPlace()
  await writeFile(place.lockFile, '<<<<<<< ours\n')
  const loaded = await loadRecipe(place.file, readSettings(place.environment))
  let asked = 0
  const engine = async () => {
    asked += 1
    throw new StageError('no-engine', { attempted: 'start an engine', found: 'none', hint: 'get one' })
  }
  const signal = new AbortController().signal
  await expect(resolveLock(loaded, { settings: readSettings({}), signal, engine })).rejects.toMatchObject({
    code: 'no-engine',
    failure: { attempted: expect.stringContaining('the weights half needs no engine'), hint: 'get one' },
  })
  expect(asked).toBe(1)
})

test('one half that fails stops the other', async () => {
  const { place } = await folderPlace()
  await writeRaw(place.file, withSource(hubSource))
  const loaded = await loadRecipe(place.file, readSettings(place.environment))
  const [asked, left] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const silent = createServer((_, response) => {
    response.once('close', left.resolve)
    asked.resolve()
  })
  await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done))
  onTestFinished(() => void silent.close())
  // An open TCP server has an object as its address.
  const environment = { HF_ENDPOINT: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` }
  const failed = new StageError('engine-failed', { attempted: 'pull', found: 'nothing', hint: 'none' })
  const engine = async () => {
    await asked.promise
    throw failed
  }
  const { signal } = new AbortController()
  await expect(resolveLock(loaded, { settings: readSettings(environment), signal, engine })).rejects.toBe(
    failed,
  )
  await left.promise
})

test('a lock --check of an edited recipe ends with 2, of none with the path', async () => {
  const { place, raw } = await folderPlace()
  await writeRaw(place.file, { ...raw, name: 'other' })
  expect(await ingot(['lock', '--check', place.file], place)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('name: the recipe says'),
  })
  await rm(place.lockFile)
  expect((await ingot(['lock', '--check', place.file], place)).stderr).toContain(
    `no lock at ${place.lockFile}`,
  )
})
