import { mkdir, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { planWeightLayers } from '../../../images/weights/layers.ts'
import { requireSameFolder, withSameFolder } from '../../../pipelines/lock/folder.ts'
import { type LockedRecipe, loadLocked } from '../../../pipelines/lock/locked-recipe.ts'
import { readSettings } from '../../../pipelines/settings/settings.ts'
import { closeStore, openStore } from '../../../pipelines/store/open.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { packWeights } from '../../../pipelines/weights/pack.ts'
import { type RawRecipe, rawRecipe } from '../../recipes/locked.ts'
import { contextFor, sampleBytes } from '../weights/samples.ts'
import { ingot, type Place, placeOf, writeLock } from './place.ts'

const raw: RawRecipe = { ...rawRecipe('url'), weights: { source: { type: 'folder', path: 'model' } } }

/** As large as what the store notes the place of. */
const large = sampleBytes(1_500_000, 'large')

async function lockedFolder(): Promise<Place> {
  const place = await placeOf(raw)
  await mkdir(join(place.folder, 'model'))
  for (const [name, text] of Object.entries({ 'a.txt': 'aaa', 'b.txt': 'bbb', 'large.bin': large }))
    await writeFile(join(place.folder, 'model', name), text)
  await writeLock(place, raw)
  expect((await ingot(['lock', place.file], place)).code).toBe(0)
  return place
}

async function storeOf({ folder }: Place): Promise<Store> {
  return openStore(join(folder, 'store'))
}

function locked({ file, environment }: Place): Promise<LockedRecipe> {
  return loadLocked(file, readSettings(environment), 'test it')
}

async function pack(store: Store, { lock, folder }: LockedRecipe): Promise<void> {
  const layers = planWeightLayers(lock.weights.files, { modelFolder: '/models/m' })
  await packWeights(store, lock.weights, layers, { ...contextFor(), recipeFolder: folder })
}

const { signal } = new AbortController()

test.each(['plan', 'build', 'gate'])('ingot %s names every file that came, went or grew', async (name) => {
  const place = await lockedFolder()
  const model = join(place.folder, 'model')
  await rm(join(model, 'a.txt'))
  await writeFile(join(model, 'b.txt'), 'longer')
  await writeFile(join(model, 'c.txt'), '')
  const run = await ingot([name, place.file], place)
  expect(run.code, run.stderr).toBe(2)
  for (const line of [
    'a.txt is gone',
    'c.txt is new',
    'b.txt has 6 bytes, locked were 3',
    'weights.source.path',
  ])
    expect(run.stderr).toContain(line)
  expect(run.stderr).toContain(`run \`ingot lock ${place.file}\``)
  expect(run.stderr).not.toContain('sha256 in the recipe')
})

test('a file that became a folder or a broken entry is told without a crash', async () => {
  const place = await lockedFolder()
  await rm(join(place.folder, 'model', 'a.txt'))
  await mkdir(join(place.folder, 'model', 'a.txt'))
  const run = await ingot(['plan', place.file], place)
  expect(run.code).toBe(2)
  expect(run.stderr).toContain('a.txt is gone')
})

test('other bytes of the same size are found although the store has the locked ones', async () => {
  const place = await lockedFolder()
  const recipe = await locked(place)
  const store = await storeOf(place)
  try {
    await requireSameFolder(recipe, { signal, store })
    await pack(store, recipe)
    await requireSameFolder(recipe, { signal, store })
    const file = join(place.folder, 'model', 'large.bin')
    const bytes = await readFile(file)
    bytes[700_000] = (bytes[700_000] ?? 0) ^ 1
    await writeFile(file, bytes)
    // The old times do not hide it: the change time is the file system's.
    await utimes(file, 1_700_000_000, 1_700_000_000)
    await writeFile(join(place.folder, 'model', 'a.txt'), 'aab')
    const found = requireSameFolder(recipe, { signal, store })
    await expect(found).rejects.toMatchObject({ code: 'lock-mismatch' })
    await expect(found).rejects.toThrow(/a\.txt has other bytes.*\n.*large\.bin has other bytes/)
  } finally {
    await closeStore(store)
  }
})

test('what was compared and not touched since is not read again', async () => {
  const place = await lockedFolder()
  const recipe = await locked(place)
  const store = await storeOf(place)
  try {
    await pack(store, recipe)
    // A change within one tick of the clock could not be seen, so that only files at rest are remembered.
    const model = join(place.folder, 'model')
    await new Promise((done) => setTimeout(done, 2100))
    await requireSameFolder(recipe, { signal, store })
    const records = join(store.root, 'ingot', 'folder-hashes')
    const [name = ''] = await readdir(records)
    const before = JSON.parse(await readFile(join(records, name), 'utf8'))
    expect(Object.keys(before).sort()).toEqual(['a.txt', 'b.txt', 'large.bin'])
    // A record that says something else is believed, which shows that nothing was read.
    before['large.bin'].sha256 = 'f'.repeat(64)
    await writeFile(join(records, name), JSON.stringify(before))
    await expect(requireSameFolder(recipe, { signal, store })).rejects.toThrow(
      `large.bin has other bytes: sha256 ffff`,
    )
    // A file put in its place is another file.
    await writeFile(join(model, 'new'), large)
    await rename(join(model, 'new'), join(model, 'large.bin'))
    await requireSameFolder(recipe, { signal, store })
  } finally {
    await closeStore(store)
  }
})

test('bytes that the build reads itself are checked there, and then every changed file is named', async () => {
  const place = await lockedFolder()
  const recipe = await locked(place)
  await writeFile(join(place.folder, 'model', 'large.bin'), sampleBytes(1_500_000, 'other'))
  const store = await storeOf(place)
  try {
    await requireSameFolder(recipe, { signal, store })
    await expect(pack(store, recipe)).rejects.toMatchObject({
      code: 'hash-mismatch',
      hint: expect.stringMatching(/folder changed.*`ingot lock RECIPE`/),
    })
    const build = withSameFolder(recipe, { signal, store }, () => pack(store, recipe))
    await expect(build).rejects.toThrow('large.bin has other bytes')
    await expect(build).rejects.toMatchObject({ code: 'lock-mismatch' })
  } finally {
    await closeStore(store)
  }
})

test('a folder that is not here is nothing to compare: the store may have all of it', async () => {
  const place = await lockedFolder()
  await rm(join(place.folder, 'model'), { recursive: true })
  expect((await ingot(['plan', place.file], place)).stderr).not.toContain('changed since')
})

test('many changes are counted, not listed', async () => {
  const place = await lockedFolder()
  for (let index = 0; index < 30; index += 1) await writeFile(join(place.folder, 'model', `new-${index}`), '')
  expect((await ingot(['plan', place.file], place)).stderr).toContain('and 10 more')
})
