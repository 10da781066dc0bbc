import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { mediaTypes } from '../../../images/oci/oci.ts'
import { statBlob } from '../../../pipelines/store/blobs.ts'
import { listReferences, setReference } from '../../../pipelines/store/reference.ts'
import { scratchImage, sha256, writeDocument } from '../store/image.ts'
import { codeOf, type Served, served } from './served.ts'

const content = randomBytes(2_500_000)
const digest = sha256(content)

test('a blob in chunks; one out of order is refused with the place to go on from', async () => {
  const { ask, store, upload } = await writable()
  const place = await upload()
  const first = await ask(place, patch(content.subarray(0, 1_000_000), '0-999999'))
  expect([first.status, first.headers.get('range')]).toEqual([202, '0-999999'])
  const again = await ask(place, patch(content.subarray(0, 1_000_000), '0-999999'))
  expect([again.status, again.headers.get('range')]).toEqual([416, '0-999999'])
  expect((await ask(place, patch(content, 'everything'))).status).toBe(400)
  await ask(place, patch(content.subarray(1_000_000, 2_000_000)))
  const status = await ask(place)
  expect([status.status, status.headers.get('range')]).toEqual([204, '0-1999999'])
  const done = await ask(`${place}?digest=${digest}`, { method: 'PUT', body: content.subarray(2_000_000) })
  expect([done.status, done.headers.get('location')]).toEqual([201, `/v2/demo/blobs/${digest}`])
  expect(await statBlob(store, digest)).toBe(content.byteLength)
  expect((await ask(place)).status).toBe(404)
})

const patience = { timeout: 20_000 }

test('an upload that was cut goes on from what arrived', { timeout: 60_000 }, async () => {
  const { ask, registry, store, upload } = await writable()
  const place = await upload()
  const sending = request(new URL(place, registry.url), {
    method: 'PATCH',
    headers: { 'content-length': content.byteLength },
  })
  sending.on('error', () => {})
  sending.write(content.subarray(0, 1_500_000))
  await expect.poll(async () => (await ask(place)).headers.get('range'), patience).not.toBe('0-0')
  sending.destroy()
  await expect.poll(async () => (await ask(place, patch(new Uint8Array()))).status, patience).toBe(202)
  const arrived = Number((await ask(place)).headers.get('range')?.split('-')[1]) + 1
  expect(arrived).toBeGreaterThan(0)
  const done = await ask(`${place}?digest=${digest}`, { method: 'PUT', body: content.subarray(arrived) })
  expect(done.status).toBe(201)
  expect(await statBlob(store, digest)).toBe(content.byteLength)
})

test.each([
  ['PUT with another digest', (place: string) => `${place}?digest=${sha256(Buffer.from('other'))}`],
  ['PUT without a digest', (place: string) => place],
  ['PUT with sha512', (place: string) => `${place}?digest=sha512:${'a'.repeat(128)}`],
])('%s is refused and keeps nothing', async (_name, target) => {
  const { ask, store, upload } = await writable()
  const place = await upload()
  const response = await ask(target(place), { method: 'PUT', body: content })
  expect([response.status, await codeOf(response)]).toEqual([400, 'DIGEST_INVALID'])
  expect(await statBlob(store, digest)).toBeUndefined()
})

test('an upload can be cancelled, and the end of the server cancels the rest', async () => {
  const { ask, registry, store, upload } = await writable()
  const place = await upload()
  expect((await ask(place, { method: 'DELETE' })).status).toBe(204)
  expect((await ask(place)).status).toBe(404)
  await ask(await upload(), patch(content))
  await registry.close()
  expect(await readdir(store.temporary)).toEqual([])
})

test('mounting takes what the store has, and begins an upload for what it has not', async () => {
  const { ask, store } = await writable()
  const { layer } = await scratchImage(store)
  const mount = (wanted: string) =>
    ask(`/v2/demo/blobs/uploads/?mount=${wanted}&from=other`, { method: 'POST' })
  expect((await mount(layer.digest)).status).toBe(201)
  expect((await mount(digest)).status).toBe(202)
})

const manifestOf = (text: string, type: string = mediaTypes.manifest): RequestInit => ({
  method: 'PUT',
  body: text,
  headers: { 'content-type': type },
})

const unknownBlobs = JSON.stringify({
  schemaVersion: 2,
  mediaType: mediaTypes.manifest,
  config: { mediaType: mediaTypes.config, digest, size: 1 },
  layers: [],
})

test.each([
  ['v1', manifestOf(unknownBlobs), 404, 'MANIFEST_BLOB_UNKNOWN'],
  [digest, manifestOf(unknownBlobs), 400, 'DIGEST_INVALID'],
  ['v1', manifestOf('{}'), 400, 'MANIFEST_INVALID'],
  ['v1', manifestOf('not json'), 400, 'MANIFEST_INVALID'],
  ['v1', manifestOf(unknownBlobs, mediaTypes.index), 400, 'MANIFEST_INVALID'],
  ['v1', manifestOf(' '.repeat(4 * 1024 * 1024 + 1)), 413, 'SIZE_INVALID'],
])('manifest %s is refused: %#', async (reference, init, status, code) => {
  const { ask, store } = await writable()
  const response = await ask(`/v2/demo/manifests/${reference}`, init)
  expect([response.status, await codeOf(response)]).toEqual([status, code])
  expect(await listReferences(store)).toEqual([])
})

test('what an image needs is not deleted before the image', async () => {
  const { ask, store } = await writable()
  const { descriptor, layer } = await scratchImage(store)
  await setReference(store, 'demo:v1', descriptor)
  await setReference(store, 'other:v1', descriptor)
  const remove = async (path: string) => (await ask(`/v2/${path}`, { method: 'DELETE' })).status
  expect(await remove(`demo/blobs/${layer.digest}`)).toBe(405)
  expect(await remove('demo/manifests/v1')).toBe(202)
  expect(await remove('demo/manifests/v1')).toBe(404)
  expect(await remove(`demo/manifests/${descriptor.digest}`)).toBe(202)
  expect((await listReferences(store)).map(({ name }) => name)).toEqual(['other:v1'])
  expect(await statBlob(store, descriptor.digest)).toBe(descriptor.size)
  expect(await remove(`other/manifests/${descriptor.digest}`)).toBe(202)
  expect(await statBlob(store, descriptor.digest)).toBeUndefined()
  expect(await remove(`demo/blobs/${layer.digest}`)).toBe(202)
})

test('a manifest with a subject tells so', async () => {
  const { ask, store } = await writable()
  const { descriptor, config } = await scratchImage(store)
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.empty, digest: config.digest, size: config.sizeBytes },
    layers: [],
    subject: descriptor,
  })
  const response = await ask('/v2/demo/manifests/v1', manifestOf(text))
  expect([response.status, response.headers.get('oci-subject')]).toEqual([201, descriptor.digest])
  expect(await writeDocument(store, mediaTypes.manifest, JSON.parse(text))).toMatchObject({
    digest: response.headers.get('docker-content-digest'),
  })
})

test('closing does not wait for connections that hang', async () => {
  const { registry, upload } = await writable()
  const idle = connect(registry.port, '127.0.0.1')
  await once(idle, 'connect')
  const stalled = request(new URL(await upload(), registry.url), {
    method: 'PATCH',
    headers: { 'content-length': 100 },
  })
  stalled.on('error', () => {})
  stalled.write('x')
  await new Promise((done) => setTimeout(done, 50))
  const gone = Promise.all([once(idle, 'close'), once(stalled, 'close')])
  await registry.close()
  await registry.close()
  await gone
  await expect(fetch(registry.url)).rejects.toThrow()
})

function patch(body: Uint8Array<ArrayBuffer>, range?: string): RequestInit {
  return { method: 'PATCH', body, headers: range ? { 'content-range': range } : {} }
}

async function writable(): Promise<Served & { upload(): Promise<string> }> {
  const all = await served({ writable: true })
  return {
    ...all,
    async upload() {
      const response = await all.ask('/v2/demo/blobs/uploads/', { method: 'POST' })
      return response.headers.get('location') ?? ''
    },
  }
}
