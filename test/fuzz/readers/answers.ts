import { digestOf } from '../../../lib/digest.ts'
import { openImage } from '../../../pipelines/image-reader/image.ts'
import type { Fetch, HttpAnswer } from '../../../pipelines/network/exchange.ts'
import { basicLogin } from '../../../pipelines/network/login.ts'
import { findReferrers, readManifest, readSmallBlob } from '../../../pipelines/registry-client/read.ts'
import { openSession } from '../../../pipelines/registry-client/session.ts'
import { listTags } from '../../../pipelines/registry-client/tags.ts'
import { readSettings } from '../../../pipelines/settings/settings.ts'
import { listHuggingface } from '../../../pipelines/weights/huggingface.ts'
import { readOciManifest } from '../../../pipelines/weights/oci-manifest.ts'
import { listPackageFiles } from '../../../pipelines/weights/python-index.ts'
import type { SourceSession } from '../../../pipelines/weights/source.ts'
import type { Random } from '../../images/memory/random.ts'
import type { ForeignReader } from './reader.ts'
import { imageConfig, index, manifest } from './samples.ts'

const commit = 'c'.repeat(40)
const hubInfo = JSON.stringify({
  _id: '1',
  id: 'acme/model',
  modelId: 'acme/model',
  sha: commit,
  gated: false,
  private: false,
  downloads: 1,
  likes: 1,
  lastModified: '2026-01-01T00:00:00.000Z',
  cardData: { license: 'apache-2.0' },
  siblings: [{ rfilename: 'config.json' }, { rfilename: 'model.safetensors' }],
})
const hubList = JSON.stringify([
  { type: 'file', oid: 'a'.repeat(40), size: 12, path: 'config.json' },
  {
    ...{ type: 'file', oid: 'b'.repeat(40), size: 400, path: 'model.safetensors' },
    lfs: { oid: 'd'.repeat(64), size: 400, pointerSize: 130 },
  },
  { type: 'directory', oid: 'e'.repeat(40), size: 0, path: 'onnx' },
])
const indexPage = JSON.stringify({
  meta: { 'api-version': '1.0' },
  name: 'acme',
  files: [
    { filename: 'acme-1-py3-none-any.whl', url: '../acme-1.whl', hashes: { sha256: 'a'.repeat(64) } },
    { filename: 'acme-1.tar.gz', url: 'https://example.org/acme-1.tar.gz', hashes: {}, yanked: false },
  ],
})
const indexHtml = `<!DOCTYPE html><html><body><a href="../acme-1-py3-none-any.whl#sha256=${'a'.repeat(64)}">acme-1-py3-none-any.whl</a></body></html>`
const tags = JSON.stringify({ name: 'acme/model', tags: ['latest', '1.0', 'v2'] })
const token = JSON.stringify({ token: 'a-token', expires_in: 300, issued_at: '2026-01-01T00:00:00Z' })

const oddHeaders: Record<string, string>[] = [
  {},
  { link: '</v2/acme/model/tags/list?n=1&last=b>; rel="next"' },
  { link: '<http://[>; rel="next"' },
  { link: '<://>; rel=next' },
  { link: '<https://elsewhere.example/x>; rel="next"' },
  { location: 'http://[' },
  { 'retry-after': 'tomorrow' },
  { 'www-authenticate': 'Bearer realm="https://127.0.0.1/token",service="x"' },
  { 'www-authenticate': 'Bearer realm="not an address"' },
  { 'content-type': 'text/html' },
  { 'content-type': 'application/vnd.pypi.simple.v1+json' },
  { etag: '"\u00e9"' },
  { 'content-range': 'bytes 5-3/1' },
]

/** A server that gives the bytes under a status and headers of its choice, a few times; then it finds nothing. */
function serverOf(bytes: Buffer, random: Random, type = 'application/json'): Fetch {
  let left = 12
  return async (url) => {
    left -= 1
    const isOdd = random.below(3) === 0
    const status =
      left < 0 ? 404 : isOdd ? random.pick([200, 204, 206, 301, 401, 403, 404, 410, 500, 503]) : 200
    const headers = new Headers({ 'content-type': type, ...(isOdd ? random.pick(oddHeaders) : {}) })
    return answerOf(url, { status, headers }, url.includes('/token') ? Buffer.from(token) : bytes)
  }
}

function answerOf(url: string, head: Pick<HttpAnswer, 'status' | 'headers'>, bytes: Buffer): HttpAnswer {
  async function* body() {
    yield bytes
  }
  return { ...head, url, body: body(), discard() {} }
}

const once = { attempts: 1, firstDelayMs: 0, maxDelayMs: 0 }
const target = { host: 'registry.example', name: 'acme/model' }

function sessionOf(bytes: Buffer, random: Random) {
  const login = async () => basicLogin('user', 'a password', 'a test')
  return openSession(target, { fetch: serverOf(bytes, random), login, access: 'pull', retry: once })
}

function sourceOf(bytes: Buffer, random: Random, type?: string): SourceSession {
  const settings = readSettings({
    HOME: '/nonexistent',
    // No pip is asked how it is configured.
    PATH: '/nonexistent',
    PIP_INDEX_URL: 'https://index.example/simple',
  })
  return { recipeFolder: '/', settings, retry: once, fetch: serverOf(bytes, random, type) }
}

const sound = (...texts: string[]) => texts.map((one) => () => Buffer.from(one))

/** Readers of what servers answer: status, headers and bodies are all theirs. */
export const answerReaders: ForeignReader[] = [
  {
    name: 'manifest of a registry',
    kind: 'text',
    samples: sound(manifest, index),
    read: (bytes, random) =>
      readManifest(sessionOf(bytes, random), random.pick(['latest', digestOf(bytes), digestOf('other')])),
  },
  {
    name: 'blob of a registry',
    kind: 'text',
    samples: sound(imageConfig),
    read: (bytes, random) =>
      readSmallBlob(sessionOf(bytes, random), random.pick([digestOf(bytes), digestOf('other')])),
  },
  {
    name: 'referrers of a registry',
    kind: 'text',
    samples: sound(index),
    read: (bytes, random) => findReferrers(sessionOf(bytes, random), digestOf('subject')),
  },
  {
    name: 'tags of a registry',
    kind: 'text',
    samples: sound(tags),
    read: (bytes, random) => listTags(sessionOf(bytes, random)),
  },
  {
    name: 'model in a registry',
    kind: 'text',
    samples: sound(manifest, index),
    read: (bytes, random) => readOciManifest('registry.example/acme/model:1', sourceOf(bytes, random)),
  },
  {
    name: 'image of a layout',
    kind: 'text',
    samples: sound(manifest, index, imageConfig),
    read: (bytes, random) =>
      openImage(
        {
          reference: 'an image',
          manifest: async (digest) => (digest === undefined ? bytes.toString('utf8') : manifest),
          text: async () => random.pick([imageConfig, bytes.toString('utf8')]),
          async *read() {},
          close: async () => {},
        },
        'linux/amd64',
      ),
  },
  {
    name: 'description of a Hub',
    kind: 'text',
    samples: sound(hubInfo),
    read: (bytes, random) => readHub(bytes, Buffer.from(hubList), random),
  },
  {
    name: 'list of a Hub',
    kind: 'text',
    samples: sound(hubList),
    read: (bytes, random) => readHub(Buffer.from(hubInfo), bytes, random),
  },
  {
    name: 'page of a Python index',
    kind: 'text',
    samples: sound(indexPage, indexHtml),
    read: (bytes, random) =>
      listPackageFiles('acme', sourceOf(bytes, random, random.pick(['text/html', pypiJson, 'text/plain']))),
  },
]

function readHub(info: Buffer, list: Buffer, random: Random) {
  const session = sourceOf(info, random)
  const servers = { info: session.fetch, list: serverOf(list, random) }
  const fetch: Fetch = (url, options) => servers[url.includes('/tree/') ? 'list' : 'info'](url, options)
  const source = { type: 'huggingface' as const, repo: 'acme/model', revision: 'main' }
  return listHuggingface(source, { ...session, fetch })
}

const pypiJson = 'application/vnd.pypi.simple.v1+json'
