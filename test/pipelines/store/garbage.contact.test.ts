import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Descriptor, mediaTypes } from '../../../images/oci/oci.ts'
import { type Digest, hexOf } from '../../../lib/digest.ts'
import { readBlobText, statBlob } from '../../../pipelines/store/blobs.ts'
import { verifyStore } from '../../../pipelines/store/check.ts'
import { collectGarbage, removeBlob } from '../../../pipelines/store/garbage.ts'
import { closeStore, openStore } from '../../../pipelines/store/open.ts'
import { newPartial } from '../../../pipelines/store/partial.ts'
import { listRecords, touchRecord, writeRecord } from '../../../pipelines/store/record.ts'
import {
  type IndexEntry,
  keepManifest,
  listReferences,
  setReference,
} from '../../../pipelines/store/reference.ts'
import type { Store } from '../../../pipelines/store/store.ts'
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
  const expected = { removed: [loose], records: [], freedBytes: 5 }
  expect(await collectGarbage(store, { ...keep, dryRun: true })).toEqual(expected)
  expect(await collectGarbage(store, keep)).toEqual(expected)
  expect(await statBlob(store, loose.digest)).toBeUndefined()
  expect(await readBlobText(store, asked.digest)).toBe('asked')
  for (const { layer } of [named, recorded]) expect(await statBlob(store, layer.digest)).toBe(1000)
  expect(await verifyStore(store)).toEqual({ blobs: 7, sizeBytes: expect.any(Number), problems: 0 })
})

/** As if a record had been written or used that many days ago. */
async function ageRecord(store: Store, kind: string, key: string, days: number): Promise<void> {
  const then = new Date(Date.now() - days * 86_400_000)
  await utimes(join(store.root, 'ingot', kind, `${key}.json`), then, then)
}

test('what a record names stays for 14 days after its last use, then goes with the record', async () => {
  const store = await scratchStore()
  const layers: Record<string, Digest> = {}
  for (const [key, days] of Object.entries({ fresh: 13, old: 15, used: 15 })) {
    layers[key] = (await writeBlobText(store, key)).digest
    await writeRecord(store, 'weight-layer', key, { digest: layers[key] })
    await ageRecord(store, 'weight-layer', key, days)
  }
  await touchRecord(store, 'weight-layer', 'used')
  expect((await collectGarbage(store)).removed.map(({ digest }) => digest)).toEqual([layers['old']])
  expect(await listRecords(store, 'weight-layer')).toEqual(['fresh', 'used'])
  expect((await collectGarbage(store, { recordsForMs: 0 })).removed).toHaveLength(2)
  expect(await listRecords(store, 'weight-layer')).toEqual([])
})

test('an old record of what an image needs stays with it', async () => {
  const store = await scratchStore()
  const { descriptor, layer } = await scratchImage(store)
  await setReference(store, 'demo:v1', descriptor)
  await writeRecord(store, 'weight-layer', 'a', { digest: layer.digest })
  await collectGarbage(store, { recordsForMs: 0 })
  expect(await statBlob(store, layer.digest)).toBe(1000)
  expect(await listRecords(store, 'weight-layer')).toEqual(['a'])
})

test('images that are dropped take along what no other image needs, whatever records say of it', async () => {
  const store = await scratchStore()
  const [gone, stays] = [await scratchImage(store), await scratchImage(store)]
  await setReference(store, 'gone:v1', gone.descriptor)
  await setReference(store, 'stays:v1', stays.descriptor)
  for (const { layer } of [gone, stays])
    await writeRecord(store, 'weight-layer', hexOf(layer.digest), { digest: layer.digest })
  const drop = ({ name }: IndexEntry) => name === 'gone:v1'
  const planned = await collectGarbage(store, { drop, dryRun: true })
  expect(await statBlob(store, gone.layer.digest)).toBe(1000)
  expect(await collectGarbage(store, { drop })).toEqual(planned)
  expect(await statBlob(store, gone.layer.digest)).toBeUndefined()
  expect(await statBlob(store, stays.layer.digest)).toBe(1000)
  expect((await listReferences(store)).map(({ name }) => name)).toEqual(['stays:v1'])
  expect(await listRecords(store, 'weight-layer')).toEqual([hexOf(stays.layer.digest)])
})

test('an attachment goes with what it is attached to', async () => {
  const store = await scratchStore()
  const image = await scratchImage(store)
  await setReference(store, 'demo:v1', image.descriptor)
  const attach = async (subject: Descriptor, note: string) => {
    const config = await writeBlobText(store, note)
    const text = JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: { mediaType: 'application/vnd.test', digest: config.digest, size: config.sizeBytes },
      layers: [],
      subject,
    })
    const { digest, sizeBytes } = await writeBlobText(store, text)
    const descriptor = { mediaType: mediaTypes.manifest, digest, size: sizeBytes }
    await keepManifest(store, descriptor)
    return descriptor
  }
  const signature = await attach(image.descriptor, 'signature')
  const ofSignature = await attach(signature, 'time of the signature')
  const kept = [signature, ofSignature].map(({ digest }) => digest)
  await collectGarbage(store)
  for (const digest of kept) expect(await statBlob(store, digest)).toBeGreaterThan(0)
  await collectGarbage(store, { drop: ({ name }) => name === 'demo:v1' })
  expect(await listReferences(store)).toEqual([])
  for (const digest of kept) expect(await statBlob(store, digest)).toBeUndefined()
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
