import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describe as describeJson, mediaTypes } from '../../../images/oci/oci.ts'
import { blobPath } from '../../../pipelines/store/blobs.ts'
import { writeBlobText } from '../../../pipelines/store/write.ts'
import { openFaultProxy } from './fault-proxy.ts'
import { flipBit, readText } from './files.ts'
import { imageOf, inspectTag } from './images.ts'
import { openPlace, type Place, publishTo } from './place.ts'

let place: Place

beforeAll(async () => {
  place = await openPlace()
})

afterAll(() => place.close())

const weights = { seed: 'weights', sizeBytes: 600_000 }

function sentBytes(seen: readonly { bodyBytes: number; path: string }[]): number {
  return seen
    .filter(({ path }) => path.includes('/blobs/'))
    .reduce((sum, { bodyBytes }) => sum + bodyBytes, 0)
}

test('blobs go first, the manifest by digest is read back, tags come last', async () => {
  const root = await imageOf(place.store, [{ seed: 'order', sizeBytes: 10_000 }])
  const proxy = await openFaultProxy({ upstream: place.registry.url })
  const done = await publishTo({ store: place.store, root, tags: ['v1', 'v2'], to: `${proxy.host}/order` })
  const acts = proxy.seen.map(
    ({ method, path }) => `${method} ${path.replace(/[?].*/, '').split('/')[3]} ${path.split('/').at(-1)}`,
  )
  const manifest = acts.filter((act) => act.includes('manifests'))
  expect(manifest).toEqual([
    `PUT manifests ${root.digest}`,
    `GET manifests ${root.digest}`,
    'PUT manifests v1',
    'GET manifests v1',
    'PUT manifests v2',
    'GET manifests v2',
  ])
  expect(acts.findLastIndex((act) => act.startsWith('PUT blobs'))).toBeLessThan(
    acts.indexOf(manifest[0] ?? ''),
  )
  expect(await inspectTag(place.registry.url, 'order', 'v1')).toEqual({
    state: 'complete',
    digest: root.digest,
  })
  expect(done).toMatchObject({ digest: root.digest, tags: ['v1', 'v2'], presentBytes: 0 })
  await proxy.close()
})

test('an engine upgrade under unchanged weights sends no byte of the weights', async () => {
  const before = await imageOf(place.store, [weights, { seed: 'engine 1', sizeBytes: 40_000 }])
  const after = await imageOf(place.store, [weights, { seed: 'engine 2', sizeBytes: 50_000 }])
  const proxy = await openFaultProxy({ upstream: place.registry.url })
  const to = `${proxy.host}/upgrade`
  const first = await publishTo({ store: place.store, root: before, tags: ['v1'], to })
  const sentFirst = sentBytes(proxy.seen)
  const second = await publishTo({ store: place.store, root: after, tags: ['v1'], to })
  const sentSecond = sentBytes(proxy.seen) - sentFirst
  expect(sentFirst).toBe(first.sentBytes)
  expect(sentFirst).toBeGreaterThan(640_000)
  // The engine's layer and a config of a few hundred bytes.
  expect(sentSecond).toBe(second.sentBytes)
  expect(sentSecond).toBeGreaterThan(50_000)
  expect(sentSecond).toBeLessThan(51_000)
  expect(second.presentBytes).toBe(600_000)
  await proxy.close()
})

test('an upload that is cut in the middle goes on from the byte that arrived', async () => {
  const root = await imageOf(place.store, [{ seed: 'resume', sizeBytes: 8_000_000 }])
  let cuts = 0
  const proxy = await openFaultProxy({
    upstream: place.registry.url,
    faultFor: ({ method, length }) =>
      method === 'PUT' && length > 1e6 && cuts++ === 0
        ? { type: 'cut-request', afterBytes: 6_000_000 }
        : undefined,
  })
  await publishTo({ store: place.store, root, tags: ['v1'], to: `${proxy.host}/resume` })
  const parts = proxy.seen.filter(({ method, bodyBytes }) => method === 'PUT' && bodyBytes > 100_000)
  expect(parts).toHaveLength(2)
  expect(parts[1]?.bodyBytes).toBeLessThan(4_000_000)
  expect((await inspectTag(place.registry.url, 'resume', 'v1')).state).toBe('complete')
  await proxy.close()
})

test.each([1_000, 33_333, 100_000, 100_001])('in chunks of %i bytes', async (chunkBytes) => {
  const root = await imageOf(place.store, [{ seed: `chunks ${chunkBytes}`, sizeBytes: 100_000 }])
  const proxy = await openFaultProxy({ upstream: place.registry.url })
  await publishTo({ store: place.store, root, tags: ['v1'], to: `${proxy.host}/chunks`, chunkBytes })
  const largest = Math.max(
    ...proxy.seen.filter(({ path }) => path.includes('/blobs/')).map(({ bodyBytes }) => bodyBytes),
  )
  expect(largest).toBeLessThanOrEqual(chunkBytes)
  expect(await inspectTag(place.registry.url, 'chunks', 'v1')).toEqual({
    state: 'complete',
    digest: root.digest,
  })
  await proxy.close()
})

test('a bit that flips on its way to a tag is seen and healed', async () => {
  const root = await imageOf(place.store, [{ seed: 'flip', sizeBytes: 1_000 }])
  let flips = 0
  const proxy = await openFaultProxy({
    upstream: place.registry.url,
    // The last digit of the layer's size: still JSON, still complete, another digest.
    faultFor: ({ method, path, length }) =>
      method === 'PUT' && path.endsWith('/manifests/v1') && flips++ === 0
        ? {
            type: 'flip',
            atByte:
              length -
              '}],"mediaType":"application/vnd.oci.image.manifest.v1+json","schemaVersion":2}'.length -
              1,
          }
        : undefined,
  })
  await publishTo({ store: place.store, root, tags: ['v1'], to: `${proxy.host}/flip` })
  expect(flips).toBeGreaterThan(0)
  expect(await inspectTag(place.registry.url, 'flip', 'v1')).toEqual({
    state: 'complete',
    digest: root.digest,
  })
  await proxy.close()
})

describe('what cannot be published', () => {
  test('a blob that is missing in the store: before any request', async () => {
    const { bytes, descriptor } = describeJson(mediaTypes.manifest, {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: { mediaType: mediaTypes.config, digest: `sha256:${'ab'.repeat(32)}`, size: 3 },
      layers: [],
    })
    await writeBlobText(place.store, bytes)
    const proxy = await openFaultProxy({ upstream: place.registry.url })
    const done = publishTo({
      store: place.store,
      root: descriptor,
      tags: ['v1'],
      to: `${proxy.host}/missing`,
    })
    await expect(done).rejects.toMatchObject({ code: 'missing-blob' })
    expect(proxy.seen).toEqual([])
    await proxy.close()
  })

  test('a blob that was damaged in the store: named, and no tag', async () => {
    const root = await imageOf(place.store, [{ seed: 'damaged', sizeBytes: 5_000 }])
    const manifest = JSON.parse(await readText(blobPath(place.store, root.digest)))
    await flipBit(blobPath(place.store, manifest.layers[0].digest), 2_500)
    const done = publishTo({
      store: place.store,
      root,
      tags: ['v1'],
      to: `127.0.0.1:${place.registry.port}/damaged`,
    })
    await expect(done).rejects.toMatchObject({ code: 'corrupt-blob' })
    expect((await inspectTag(place.registry.url, 'damaged', 'v1')).state).toBe('absent')
  })

  test('no registry there: tried again, then a clear error', async () => {
    const root = await imageOf(place.store, [{ seed: 'nobody', sizeBytes: 100 }])
    const done = publishTo({ store: place.store, root, tags: ['v1'], to: '127.0.0.1:1/nobody', attempts: 3 })
    await expect(done).rejects.toMatchObject({
      code: 'network',
      message: expect.stringContaining('127.0.0.1:1'),
    })
  })
})
