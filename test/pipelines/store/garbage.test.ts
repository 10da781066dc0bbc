import { utimes, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { readBlobText, statBlob } from '../../../pipelines/store/blobs.ts'
import { verifyStore } from '../../../pipelines/store/check.ts'
import { collectGarbage, removeBlob } from '../../../pipelines/store/garbage.ts'
import { newPartial } from '../../../pipelines/store/partial.ts'
import { writeRecord } from '../../../pipelines/store/record.ts'
import { setReference } from '../../../pipelines/store/reference.ts'
import { closeStore, openStore } from '../../../pipelines/store/store.ts'
import { writeBlobText } from '../../../pipelines/store/write.ts'
import { scratchStore } from '../../scratch.ts'
import { scratchImage } from './image.ts'

test('what a name, a record or the caller needs stays; the rest goes', async () => {
  const store = await scratchStore()
  const named = await scratchImage(store)
  await setReference(store, 'demo:v1', named.descriptor)
  const recorded = await scratchImage(store)
  await writeRecord(store, 'plan', 'a', { image: recorded.descriptor.digest })
  const asked = await writeBlobText(store, 'asked')
  const loose = await writeBlobText(store, 'loose')
  const keep = { digests: [asked.digest] }
  const expected = { removed: [loose], freedBytes: 5 }
  expect(await collectGarbage(store, { ...keep, dryRun: true })).toEqual(expected)
  expect(await collectGarbage(store, keep)).toEqual(expected)
  expect(await statBlob(store, loose.digest)).toBeUndefined()
  expect(await readBlobText(store, asked.digest)).toBe('asked')
  for (const { layer } of [named, recorded]) expect(await statBlob(store, layer.digest)).toBe(1000)
  expect(await verifyStore(store)).toEqual({ blobs: 7, sizeBytes: expect.any(Number), problems: 0 })
})

test('only the kinds of records that pin keep blobs', async () => {
  const store = await scratchStore()
  const { layer } = await scratchImage(store)
  await writeRecord(store, 'layer-memo', 'a', layer.digest)
  await collectGarbage(store, { recordKinds: ['plan'] })
  expect(await statBlob(store, layer.digest)).toBeUndefined()
})

test('nothing is collected while somebody else may be building', async () => {
  const store = await scratchStore()
  const other = await openStore(store.root)
  await expect(collectGarbage(store)).rejects.toMatchObject({ code: 'locked' })
  await closeStore(other)
  await collectGarbage(store)
})

test('one blob can go unless an image needs it', async () => {
  const store = await scratchStore()
  const { descriptor, layer } = await scratchImage(store)
  await setReference(store, 'demo:v1', descriptor)
  await expect(removeBlob(store, layer.digest)).rejects.toMatchObject({ code: 'in-use' })
  const loose = await writeBlobText(store, 'loose')
  expect([await removeBlob(store, loose.digest), await removeBlob(store, loose.digest)]).toEqual([
    true,
    false,
  ])
})

test('a download that nobody took up again goes after a while', async () => {
  const store = await scratchStore()
  for (const key of ['old', 'new', 'busy']) {
    const partial = await newPartial(store, key)
    await writeFile(partial.path, 'half')
    if (key !== 'new') await utimes(partial.path, 0, 0)
    if (key !== 'busy') partial.release()
  }
  expect((await collectGarbage(store)).freedBytes).toBe(4)
  expect((await newPartial(store, 'old')).sizeBytes).toBe(0)
  expect((await newPartial(store, 'new')).sizeBytes).toBe(4)
})
