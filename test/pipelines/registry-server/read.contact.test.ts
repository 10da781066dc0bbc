import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { mediaTypes } from '../../../images/oci/oci.ts'
import type { ServedRequest } from '../../../pipelines/registry-server/server.ts'
import { blobPath } from '../../../pipelines/store/blobs.ts'
import { keepManifest, setReference } from '../../../pipelines/store/reference.ts'
import { writeBlob } from '../../../pipelines/store/write.ts'
import { bytesOf, pieces, scratchImage, sha256, writeDocument } from '../store/image.ts'
import { codeOf, served } from './served.ts'

const absent = sha256(Buffer.from('absent'))

test.each([
  ['GET', '/v2/', 200, undefined],
  ['GET', '/v1/', 404, undefined],
  ['GET', `/v2/demo/blobs/${absent}`, 404, 'BLOB_UNKNOWN'],
  ['GET', '/v2/demo/blobs/sha256:12', 400, 'DIGEST_INVALID'],
  ['GET', `/v2/demo/manifests/${absent}`, 404, 'MANIFEST_UNKNOWN'],
  ['GET', '/v2/demo/manifests/latest', 404, 'MANIFEST_UNKNOWN'],
  ['GET', '/v2/demo/manifests/.bad', 400, 'MANIFEST_INVALID'],
  ['GET', '/v2/Demo/manifests/latest', 400, 'NAME_INVALID'],
  ['GET', '/v2/demo/tags/list', 404, 'NAME_UNKNOWN'],
  ['GET', '/v2/../../etc/passwd', 404, undefined],
  ['GET', '/v2/a/../b/blobs/..%2f..%2foci-layout', 400, 'DIGEST_INVALID'],
  ['POST', '/v2/demo/blobs/uploads/', 405, 'UNSUPPORTED'],
  ['PUT', '/v2/demo/manifests/latest', 405, 'UNSUPPORTED'],
  ['DELETE', `/v2/demo/blobs/${absent}`, 405, 'UNSUPPORTED'],
])('%s %s is answered %i', async (method, path, status, code) => {
  const { ask } = await served()
  const response = await ask(path, { method })
  expect(response.status).toBe(status)
  if (code) expect(await codeOf(response)).toBe(code)
})

test('a manifest by tag and by digest under any name, with its type and digest', async () => {
  const { ask, store } = await served()
  const { descriptor } = await scratchImage(store)
  await setReference(store, 'demo/model:v1', descriptor)
  for (const path of ['demo/model/manifests/v1', `other/name/manifests/${descriptor.digest}`])
    for (const method of ['GET', 'HEAD']) {
      const response = await ask(`/v2/${path}`, { method })
      expect(response.headers.get('content-type')).toBe(mediaTypes.manifest)
      expect(response.headers.get('docker-content-digest')).toBe(descriptor.digest)
      expect(response.headers.get('content-length')).toBe(String(descriptor.size))
      if (method === 'GET') expect(sha256(await response.bytes())).toBe(descriptor.digest)
    }
})

const content = randomBytes(3_000_000)

test.each([
  [undefined, 200, 0, 3_000_000],
  ['bytes=0-0', 206, 0, 1],
  ['bytes=1000-1999', 206, 1000, 2000],
  ['bytes=2999999-', 206, 2_999_999, 3_000_000],
  ['bytes=-10', 206, 2_999_990, 3_000_000],
  ['bytes=-9999999', 206, 0, 3_000_000],
  ['bytes=2000000-9999999', 206, 2_000_000, 3_000_000],
  ['bytes=0-1,5-6', 200, 0, 3_000_000],
  ['lines=1-2', 200, 0, 3_000_000],
  ['bytes=3000000-', 416, 0, 0],
  ['bytes=-0', 416, 0, 0],
])('a blob with Range %s', async (range, status, start, end) => {
  const { ask, store } = await served()
  const { digest } = await writeBlob(store, pieces(content))
  const response = await ask(`/v2/demo/blobs/${digest}`, { headers: range ? { range } : {} })
  expect(response.status).toBe(status)
  expect(content.subarray(start, end).equals(await response.bytes())).toBe(true)
  if (status === 206) expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/3000000`)
  if (status === 416) expect(response.headers.get('content-range')).toBe('bytes */3000000')
})

test('a blob that changed on disk is never sent whole', async () => {
  const seen: ServedRequest[] = []
  const { ask, store } = await served({ onRequest: (request) => seen.push(request) })
  const { digest } = await writeBlob(store, pieces(content))
  await writeFile(blobPath(store, digest), 'x', { flag: 'r+' })
  await expect(ask(`/v2/demo/blobs/${digest}`).then((response) => response.bytes())).rejects.toThrow()
  expect(seen).toMatchObject([{ method: 'GET', error: { code: 'corrupt-blob' } }])
})

test('tags come sorted and in pages', async () => {
  const { ask, store } = await served()
  const { descriptor } = await scratchImage(store)
  for (const tag of ['c', 'a', 'b', 'd']) await setReference(store, `demo:${tag}`, descriptor)
  await setReference(store, 'demo-two:z', descriptor)
  expect(await (await ask('/v2/demo/tags/list')).json()).toEqual({ name: 'demo', tags: ['a', 'b', 'c', 'd'] })
  const first = await ask('/v2/demo/tags/list?n=3')
  expect(await first.json()).toEqual({ name: 'demo', tags: ['a', 'b', 'c'] })
  const next = /<(.+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? ''
  const second = await ask(next)
  expect(await second.json()).toEqual({ name: 'demo', tags: ['d'] })
  expect(second.headers.get('link')).toBeNull()
  expect(await (await ask('/v2/demo/tags/list?n=0')).json()).toEqual({ name: 'demo', tags: [] })
})

test('referrers are found by subject and filtered by type', async () => {
  const { ask, store } = await served()
  const { descriptor: subject } = await scratchImage(store)
  const { config } = await scratchImage(store)
  const types = ['application/vnd.a', 'application/vnd.b']
  for (const artifactType of types) {
    const manifest = {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      artifactType,
      config: { mediaType: mediaTypes.empty, digest: config.digest, size: config.sizeBytes },
      layers: [],
      subject,
      annotations: { note: artifactType },
    }
    await keepManifest(store, await writeDocument(store, mediaTypes.manifest, manifest))
  }
  const all = await ask(`/v2/demo/referrers/${subject.digest}`)
  expect(all.headers.get('content-type')).toBe(mediaTypes.index)
  expect(await all.json()).toMatchObject({ manifests: types.map((artifactType) => ({ artifactType })) })
  const some = await ask(`/v2/demo/referrers/${subject.digest}?artifactType=application/vnd.b`)
  expect(some.headers.get('oci-filters-applied')).toBe('artifactType')
  expect(await some.json()).toMatchObject({ manifests: [{ annotations: { note: 'application/vnd.b' } }] })
  expect(await (await ask(`/v2/demo/referrers/${absent}`)).json()).toMatchObject({ manifests: [] })
})

test.each(['http://[', '//', '/v2/%', '*'])('the raw path %s does no harm', async (path) => {
  const { registry, ask } = await served()
  const socket = connect(registry.port, '127.0.0.1')
  socket.end(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
  expect((await bytesOf(socket)).toString()).toMatch(/^HTTP\/1.1 40[04]/)
  expect((await ask('/v2/')).status).toBe(200)
})

test('a question that comes while the machine is too busy to read it is answered on a connection that was quiet', async () => {
  const { registry } = await served()
  const socket = connect(registry.port, '127.0.0.1')
  const question = 'GET /v2/ HTTP/1.1\r\nHost: localhost\r\n\r\n'
  socket.write(question)
  await once(socket, 'data')
  socket.write(question)
  // Longer than a connection may be quiet by Node's own rule; the process reads nothing meanwhile.
  const end = performance.now() + 6500
  while (performance.now() < end);
  const [answer] = await once(socket, 'data')
  expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /)
  socket.destroy()
})
