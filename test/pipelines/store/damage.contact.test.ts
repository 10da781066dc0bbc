import { mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { hexOf } from '../../../lib/digest.ts'
import { blobPath, readBlobText } from '../../../pipelines/store/blobs.ts'
import { damageOf, damagesIn, intactBytes, requireIntact } from '../../../pipelines/store/damage.ts'
import { rememberForeign } from '../../../pipelines/store/foreign.ts'
import { listRecords, recordPath } from '../../../pipelines/store/record.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { writeBlob } from '../../../pipelines/store/write.ts'
import { scratchStore } from '../../scratch.ts'
import { pieces, scratchImage } from './image.ts'

const large = Buffer.alloc(2 * 1024 * 1024, 'x')

/** What a search read. */
async function readBy(store: Store, blob: { digest: `sha256:${string}` }, by: 'glance' | 'stamp' | 'hash') {
  let readBytes = 0
  const damage = await damageOf(store, blob, { by, onBytes: (done) => (readBytes = done) })
  return { damage: damage?.type, readBytes }
}

test('a blob that nobody touched is not read again; one that was is, once', async () => {
  const store = await scratchStore()
  const blob = await writeBlob(store, pieces(large))
  expect(await readBy(store, blob, 'stamp')).toEqual({ damage: undefined, readBytes: 0 })
  await writeFile(blobPath(store, blob.digest), large)
  expect(await readBy(store, blob, 'stamp')).toEqual({ damage: undefined, readBytes: large.length })
  expect(await readBy(store, blob, 'stamp')).toEqual({ damage: undefined, readBytes: 0 })
  expect(await readBy(store, blob, 'hash')).toEqual({ damage: undefined, readBytes: large.length })
})

test('a blob without a note is read, unless a glance is enough', async () => {
  const store = await scratchStore()
  const blob = await writeBlob(store, pieces(large))
  await rm(recordPath(store, 'blob-stamp', hexOf(blob.digest)))
  expect((await readBy(store, blob, 'glance')).readBytes).toBe(0)
  expect((await readBy(store, blob, 'stamp')).readBytes).toBe(large.length)
})

test.each(['', 'null', '{}', '{"sizeBytes":2097152}'])('a note of %j is none', async (text) => {
  const store = await scratchStore()
  const blob = await writeBlob(store, pieces(large))
  await writeFile(recordPath(store, 'blob-stamp', hexOf(blob.digest)), text)
  expect((await readBy(store, blob, 'stamp')).readBytes).toBe(large.length)
})

test.each(['glance', 'stamp', 'hash'] as const)('%s finds a byte that was changed', async (by) => {
  const store = await scratchStore()
  const blob = await writeBlob(store, pieces(large))
  await writeFile(blobPath(store, blob.digest), 'y', { flag: 'r+' })
  expect((await readBy(store, blob, by)).damage).toBe('corrupt')
  expect(await intactBytes(store, blob)).toBeUndefined()
})

test('damage below the file system is found by reading alone', async () => {
  const store = await scratchStore()
  const blob = await writeBlob(store, pieces(large))
  const path = blobPath(store, blob.digest)
  await writeFile(path, 'y', { flag: 'r+' })
  // As if the file system knew of no change.
  const { size, ino, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
  const note = { sizeBytes: Number(size), inode: `${ino}`, modifiedNs: `${mtimeNs}`, changedNs: `${ctimeNs}` }
  await writeFile(recordPath(store, 'blob-stamp', hexOf(blob.digest)), JSON.stringify(note))
  expect((await readBy(store, blob, 'stamp')).damage).toBeUndefined()
  expect((await readBy(store, blob, 'hash')).damage).toBe('corrupt')
})

test('every damage of an image is named; a layer that a registry has is none', async () => {
  const store = await scratchStore()
  const [whole, gone, foreign] = [
    await scratchImage(store),
    await scratchImage(store),
    await scratchImage(store),
  ]
  for (const { layer } of [gone, foreign]) await rm(blobPath(store, layer.digest))
  await writeFile(blobPath(store, gone.config.digest), 'other')
  await rememberForeign(store, foreign.layer.digest, { sizeBytes: 1000, repository: 'localhost/m' })
  const images = [whole, gone, foreign].map(({ descriptor }) => descriptor.digest)
  const found = await damagesIn(store, images, { by: 'stamp' })
  expect(found.map(({ digest, type }) => `${type} ${digest}`).sort()).toEqual([
    `missing ${gone.layer.digest}`,
    `size ${gone.config.digest}`,
  ])
  await expect(requireIntact(store, images, { by: 'stamp' })).rejects.toMatchObject({ code: 'corrupt-blob' })
  await expect(requireIntact(store, [whole.descriptor.digest], { by: 'hash' })).resolves.toBeUndefined()
})

test('a folder in place of a blob is damage', async () => {
  const store = await scratchStore()
  const { config, descriptor } = await scratchImage(store)
  await rm(blobPath(store, config.digest))
  await mkdir(blobPath(store, config.digest))
  expect(await damagesIn(store, [descriptor.digest], { by: 'stamp' })).toMatchObject([{ type: 'corrupt' }])
  await expect(readBlobText(store, config.digest)).rejects.toMatchObject({ code: 'corrupt-blob' })
})

test('small blobs are read at every use, and have no note', async () => {
  const store = await scratchStore()
  const blob = await writeBlob(store, pieces(Buffer.from('small')))
  expect(await listRecords(store, 'blob-stamp')).toEqual([])
  expect((await readBy(store, blob, 'stamp')).readBytes).toBe(5)
})
