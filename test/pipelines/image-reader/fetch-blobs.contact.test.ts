import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { fetchBlobs, fetchForeign } from '../../../pipelines/image-reader/fetch-blobs.ts'
import { registryPlace } from '../../../pipelines/image-reader/registry.ts'
import { type ServedRequest, serveStore } from '../../../pipelines/registry-server/server.ts'
import { blobPath, readBlob, statBlob } from '../../../pipelines/store/blobs.ts'
import { rememberForeign } from '../../../pipelines/store/foreign.ts'
import { fileNameOf } from '../../../pipelines/store/record.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { writeBlob } from '../../../pipelines/store/write.ts'
import { scratchStore } from '../../scratch.ts'
import { contextFor, sampleBytes, sha256 } from '../weights/samples.ts'

const body = sampleBytes(3_000_000, 'blob')
const { settings, retry } = contextFor()

/** A registry with one blob, and what it was asked for. */
async function registryWith(bytes: Buffer) {
  const there = await scratchStore()
  const { digest, sizeBytes } = await writeBlob(there, Readable.from([bytes]))
  const asked: ServedRequest[] = []
  const registry = await serveStore(there, { onRequest: (request) => void asked.push(request) })
  onTestFinished(() => registry.close())
  const repository = `127.0.0.1:${registry.port}/llm/one`
  const options = { settings, ...(retry && { retry }), onProgress: () => undefined }
  const place = registryPlace(repository, options)
  onTestFinished(() => place.close())
  const fetch = (store: Store, more = {}) =>
    fetchBlobs(store, place, [{ digest, size: sizeBytes }], { ...options, ...more })
  return { there, repository, digest, sizeBytes, asked, options, fetch }
}

const leftover = (store: Store, digest: string) => join(store.root, 'ingot/partial', fileNameOf(digest))

test('a blob comes once, and not again where it is', async () => {
  const { digest, sizeBytes, asked, fetch } = await registryWith(body)
  const store = await scratchStore()
  const seen: [number, number][] = []
  await fetch(store, { onProgress: (...bytes: [number, number]) => seen.push(bytes) })
  expect(seen.at(-1)).toEqual([sizeBytes, sizeBytes])
  expect(sha256(Buffer.concat(await readBlob(store, digest).toArray()))).toBe(digest.slice('sha256:'.length))
  const before = asked.length
  await fetch(store)
  expect(asked).toHaveLength(before)
})

test('what a killed run left is not asked for again', async () => {
  const { digest, sizeBytes, asked, fetch } = await registryWith(body)
  const store = await scratchStore()
  await writeFile(leftover(store, digest), body.subarray(0, 2_000_000))
  await fetch(store)
  expect(await statBlob(store, digest)).toBe(sizeBytes)
  expect(asked.reduce((sum, { sizeBytes: sent }) => sum + sent, 0)).toBe(1_000_000)
})

test.each([
  ['torn', Buffer.alloc(2_000_000)],
  ['too long', Buffer.alloc(4_000_000)],
])('a leftover that is %s does not end in the store', async (_, bytes) => {
  const { digest, sizeBytes, fetch } = await registryWith(body)
  const store = await scratchStore()
  await writeFile(leftover(store, digest), bytes)
  await fetch(store)
  expect(await statBlob(store, digest)).toBe(sizeBytes)
  expect(sha256(Buffer.concat(await readBlob(store, digest).toArray()))).toBe(digest.slice('sha256:'.length))
})

test('other bytes than asked for are refused, and nothing of them stays', async () => {
  const { there, digest, fetch } = await registryWith(body)
  await writeFile(blobPath(there, digest), sampleBytes(body.length, 'other'))
  const store = await scratchStore()
  await expect(fetch(store)).rejects.toMatchObject({ code: 'digest-mismatch' })
  expect(await statBlob(store, digest)).toBeUndefined()
  expect(await readdir(join(store.root, 'ingot/partial'))).toEqual([])
})

test('blobs that a build left elsewhere come from where they are', async () => {
  const { repository, digest, sizeBytes, options } = await registryWith(body)
  const store = await scratchStore()
  await rememberForeign(store, digest, { sizeBytes, repository })
  await fetchForeign(store, [digest, `sha256:${'0'.repeat(64)}`], options)
  expect(await statBlob(store, digest)).toBe(sizeBytes)
})
