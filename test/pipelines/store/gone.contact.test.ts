import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { verifyStore } from '../../../pipelines/store/check.ts'
import { closeStore, explainGone, openStore } from '../../../pipelines/store/open.ts'
import { writeRecord } from '../../../pipelines/store/record.ts'
import { listReferences, setReference } from '../../../pipelines/store/reference.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { writeBlob, writeBlobText } from '../../../pipelines/store/write.ts'
import { scratchFolder } from '../../scratch.ts'
import { pieces, scratchImage } from './image.ts'
import { judgedImage } from './judged.ts'

vi.setConfig({ testTimeout: 60_000 })

const ends: Record<string, (root: string) => Promise<unknown>> = {
  deleted: (root) => rm(root, { recursive: true }),
  emptied: async (root) => {
    for (const name of await readdir(root)) await rm(join(root, name), { recursive: true })
  },
  moved: (root) => rename(root, `${root}-elsewhere`),
  'made anew': async (root) => {
    await rm(root, { recursive: true })
    await closeStore(await openStore(root))
  },
}

const uses: Record<string, (store: Store) => Promise<unknown>> = {
  'write a blob': (store) => writeBlobText(store, 'text'),
  'write a record': (store) => writeRecord(store, 'plan', 'a', 1),
  'name an image': async (store) => {
    const { digest, sizeBytes } = await writeBlobText(store, '{"schemaVersion":2}')
    await setReference(store, 'demo:v1', { mediaType: 'x', digest, size: sizeBytes })
  },
}

const cases = Object.keys(ends).flatMap((end) => Object.keys(uses).map((use) => [end, use] as const))

test.each(cases)('a store that was %s while one was about to %s is told as such', async (end, use) => {
  const root = join(await scratchFolder(), 'store')
  const store = await openStore(root)
  await ends[end]?.(root)
  const error = await uses[use]?.(store).then(
    () => undefined,
    (thrown: unknown) => explainGone(store, thrown),
  )
  expect(error).toMatchObject({ code: 'store-gone' })
  await closeStore(store)
  const after = await openStore(root)
  expect(await verifyStore(after)).toMatchObject({ problems: 0 })
  expect(await listReferences(after)).toEqual([])
  await closeStore(after)
})

test.each(Object.keys(ends))('a store that is %s in the middle of a blob', async (end) => {
  const root = join(await scratchFolder(), 'store')
  const store = await openStore(root)
  async function* source() {
    yield* pieces(Buffer.alloc(2e6))
    await ends[end]?.(root)
    yield* pieces(Buffer.alloc(2e6))
  }
  const error = await writeBlob(store, source()).catch((thrown: unknown) => explainGone(store, thrown))
  expect(error).toMatchObject({ code: 'store-gone' })
  await closeStore(store)
})

test('an error of a store that is there stays what it is', async () => {
  const store = await openStore(join(await scratchFolder(), 'store'))
  const error = new Error('something else')
  expect(await explainGone(store, error)).toBe(error)
  await closeStore(store)
})

test.each(Object.keys(ends))(
  'a build whose store was %s does not go on from what it remembers',
  async (end) => {
    const root = join(await scratchFolder(), 'store')
    const store = await openStore(root)
    const { build } = await judgedImage(store)
    await ends[end]?.(root)
    const error = await build(true).catch((thrown: unknown) => explainGone(store, thrown))
    expect(error).toMatchObject({ code: 'store-gone' })
    await closeStore(store)
  },
)

test('what the engine made again for a process that is gone is swept', async () => {
  const root = join(await scratchFolder(), 'store')
  await mkdir(join(root, 'ingot/tmp/someone/runtime-1'), { recursive: true })
  await writeFile(join(root, 'ingot/tmp/someone/runtime-1/layer.tar.zst'), 'x')
  const [one, two] = [await openStore(root), await openStore(root)]
  expect((await readdir(join(root, 'ingot/tmp'))).some((name) => name.startsWith('someone'))).toBe(false)
  await scratchImage(one)
  expect(await verifyStore(two)).toMatchObject({ problems: 0 })
  for (const store of [one, two]) await closeStore(store)
})
