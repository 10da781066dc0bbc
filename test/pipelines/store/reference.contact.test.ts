import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mediaTypes } from '../../../images/oci/oci.ts'
import { blobPath } from '../../../pipelines/store/blobs.ts'
import { closeStore, openStore } from '../../../pipelines/store/open.ts'
import {
  keepManifest,
  listReferences,
  removeReferences,
  resolveReference,
  setReference,
} from '../../../pipelines/store/reference.ts'
import { scratchFolder, scratchStore } from '../../scratch.ts'
import { scratchImage, sha256, writeDocument } from './image.ts'

test('a name points at its image, and at another one later', async () => {
  const store = await scratchStore()
  const first = await scratchImage(store)
  const second = await scratchImage(store)
  await setReference(store, 'demo:v1', first.descriptor)
  expect(await resolveReference(store, 'demo:v1')).toEqual(first.descriptor)
  await setReference(store, 'demo:v1', second.descriptor)
  expect(await resolveReference(store, 'demo:v1')).toEqual(second.descriptor)
  expect(await listReferences(store)).toEqual([{ name: 'demo:v1', descriptor: second.descriptor }])
  expect(await resolveReference(store, 'demo:v2')).toBeUndefined()
})

test('index.json is what other tools of OCI read', async () => {
  const store = await scratchStore()
  const { descriptor } = await scratchImage(store)
  await setReference(store, 'demo:v1', { ...descriptor, annotations: { note: 'kept' } })
  const annotations = { note: 'kept', 'org.opencontainers.image.ref.name': 'demo:v1' }
  expect(JSON.parse(await readFile(join(store.root, 'index.json'), 'utf8'))).toEqual({
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: [{ ...descriptor, annotations }],
  })
  expect(JSON.parse(await readFile(join(store.root, 'oci-layout'), 'utf8'))).toEqual({
    imageLayoutVersion: '1.0.0',
  })
  expect((await listReferences(store))[0]?.descriptor.annotations).toEqual({ note: 'kept' })
})

test('a manifest is found by digest, whether it has a name or not', async () => {
  const store = await scratchStore()
  const { descriptor } = await scratchImage(store)
  expect(await resolveReference(store, descriptor.digest)).toEqual(descriptor)
  await keepManifest(store, descriptor)
  await keepManifest(store, descriptor)
  expect(await listReferences(store)).toEqual([{ descriptor }])
  await setReference(store, 'demo:v1', descriptor)
  expect(await listReferences(store)).toEqual([{ name: 'demo:v1', descriptor }])
  expect(await removeReferences(store, ({ name }) => name === 'demo:v1')).toBe(1)
  expect(await listReferences(store)).toEqual([])
})

test('a layer is no manifest', async () => {
  const store = await scratchStore()
  const { layer, config } = await scratchImage(store)
  expect(await resolveReference(store, layer.digest)).toBeUndefined()
  expect(await resolveReference(store, config.digest)).toBeUndefined()
})

test.each(['layer', 'config'] as const)('an image without its %s gets no name', async (part) => {
  const store = await scratchStore()
  const image = await scratchImage(store)
  await rm(blobPath(store, image[part].digest))
  const naming = setReference(store, 'demo:v1', image.descriptor)
  await expect(naming).rejects.toMatchObject({ code: 'missing-blob' })
  expect(await listReferences(store)).toEqual([])
})

test('an index needs its images whole; layers that live elsewhere are not asked for', async () => {
  const store = await scratchStore()
  const { descriptor, config } = await scratchImage(store)
  const foreign = 'application/vnd.oci.image.layer.nondistributable.v1.tar'
  const elsewhere = await writeDocument(store, mediaTypes.manifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, digest: config.digest, size: config.sizeBytes },
    layers: [{ mediaType: foreign, digest: sha256(Buffer.from('x')), size: 1 }],
  })
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [descriptor, elsewhere] }
  await setReference(store, 'demo:all', await writeDocument(store, mediaTypes.index, index))
  await rm(blobPath(store, descriptor.digest))
  const again = setReference(store, 'demo:again', await writeDocument(store, mediaTypes.index, index))
  await expect(again).rejects.toMatchObject({ code: 'missing-blob' })
})

test('names set at once by several users of the store are all kept', async () => {
  const store = await scratchStore()
  const { descriptor } = await scratchImage(store)
  const others = await Promise.all([openStore(store.root), openStore(store.root)])
  const names = Array.from({ length: 20 }, (_, number) => `demo:v${number}`)
  await Promise.all(names.map((name, number) => setReference(others[number % 2] ?? store, name, descriptor)))
  expect((await listReferences(store)).map(({ name }) => name).sort()).toEqual(names.sort())
  for (const other of others) await closeStore(other)
})

test.each(['', ' x', 'a b', '../x', 'a\nb'])('the name %j is refused', async (name) => {
  const store = await scratchStore()
  const { descriptor } = await scratchImage(store)
  await expect(setReference(store, name, descriptor)).rejects.toMatchObject({ code: 'bad-name' })
})

const named = JSON.stringify({
  mediaType: mediaTypes.manifest,
  digest: sha256(Buffer.from('x')),
  size: 1,
  annotations: { 'org.opencontainers.image.ref.name': 5 },
})

test.each(['', 'not json', '[]', '{"manifests":[{}]}', `{"manifests":[${named}]}`])(
  'an index of %j is corrupt',
  async (text) => {
    const store = await scratchStore()
    await writeFile(join(store.root, 'index.json'), text)
    await expect(listReferences(store)).rejects.toMatchObject({ code: 'corrupt-index' })
  },
)

test.each(['gone', 'a folder'])('an index that is %s is corrupt', async (what) => {
  const store = await scratchStore()
  const path = join(store.root, 'index.json')
  await rm(path)
  if (what === 'a folder') await mkdir(path)
  await expect(listReferences(store)).rejects.toMatchObject({ code: 'corrupt-index' })
})

test('a folder with other content is not touched', async () => {
  const folder = await scratchFolder()
  await writeFile(join(folder, 'thesis.doc'), '')
  await expect(openStore(folder)).rejects.toMatchObject({ code: 'not-a-store' })
  await expect(openStore(join(folder, 'thesis.doc'))).rejects.toMatchObject({ code: 'not-a-store' })
})

test('a store whose making was cut is completed', async () => {
  const folder = await scratchFolder()
  await mkdir(join(folder, 'blobs'))
  await mkdir(join(folder, 'ingot'))
  const store = await openStore(folder)
  expect(await listReferences(store)).toEqual([])
  await closeStore(store)
})
