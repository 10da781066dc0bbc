import { afterEach, expect, test } from 'vitest'
import { IngotError } from '../../../lib/error.ts'
import { exitCodeOf } from '../../../pipelines/command-line/exit.ts'
import { openReference } from '../../../pipelines/image-reader/open.ts'
import { readHubModel } from '../../../pipelines/model-reader/hub.ts'
import { openConnection } from '../../../pipelines/network/connection.ts'
import { putManifest } from '../../../pipelines/registry-client/manifest.ts'
import { openSession } from '../../../pipelines/registry-client/session.ts'
import { hasBlob } from '../../../pipelines/registry-client/upload.ts'
import { readSettings } from '../../../pipelines/settings/settings.ts'
import { inventoryWeights } from '../../../pipelines/weights/inventory.ts'
import { readOciManifest } from '../../../pipelines/weights/oci-manifest.ts'
import type { WeightsSource } from '../../../recipes/weights.ts'
import { type AnsweringServer, startAnswering } from '../../servers/answering.ts'

const servers: AnsweringServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

const secret = 'hf_abcdefghijklmnopqrstuvwxyz'

/** What stands in for a protocol's answer, and how a person reads of it. */
const answers: [name: string, body: string, type: string, words: RegExp][] = [
  [
    'a login page',
    '<!DOCTYPE html><title>Sign in to Wi-Fi</title>',
    'text/html',
    /an HTML page \("Sign in to Wi-Fi"\)/,
  ],
  [
    'a page that says it is JSON',
    '<html><title>Proxy</title></html>',
    'application/json',
    /HTML page|not JSON/,
  ],
  ['nothing', '', 'application/json', /an empty answer/],
  ['null', 'null', 'application/json', /null/],
  ['half of JSON', '{"sha": "abc', 'application/json', /not JSON/],
  ['a number', '7', 'application/json', /a JSON number|of another form/],
  [
    'an object of other members',
    '{"a":[1,2]}',
    'application/json',
    /of another form|a JSON object|holds no token|neither/,
  ],
  [
    'members of other types',
    '{"sha":7,"files":"x","layers":7,"manifests":"y","token":[]}',
    'application/json',
    /of another form|a JSON object/,
  ],
  ['a list of other things', '[[1],{"type":7},null]', 'application/json', /of another form|a JSON list/],
]

const base = { recipeFolder: '.', signal: AbortSignal.timeout(60_000) }

function inventory(source: WeightsSource, environment: NodeJS.ProcessEnv) {
  return inventoryWeights(source, { ...base, settings: readSettings(environment) })
}

/** Everything that asks a server, at its first question. */
const askers: [name: string, ask: (server: AnsweringServer) => Promise<unknown>][] = [
  [
    'lock from the Hub',
    ({ url }) =>
      inventory(
        { type: 'huggingface', repo: 'owner/name', revision: 'main' },
        { HF_ENDPOINT: url, HF_TOKEN: secret },
      ),
  ],
  [
    'lock from a package index',
    ({ host }) =>
      inventory(
        { type: 'pypi', package: 'tiny-model', version: '1', files: [{ path: 'm', sha256: '0'.repeat(64) }] },
        { PIP_INDEX_URL: `http://ada:${secret}@${host}/simple`, PATH: '' },
      ),
  ],
  ['lock from a registry', ({ host }) => inventory({ type: 'oci', reference: `${host}/a/b:1` }, {})],
  [
    'build --from-registry',
    async ({ host }) => {
      const { fetch, close } = openConnection({})
      return readOciManifest(`${host}/a/b:1`, { ...base, settings: readSettings({}), fetch }).finally(close)
    },
  ],
  [
    'memory',
    ({ url }) =>
      readHubModel(
        { repo: 'owner/name', revision: 'main', file: undefined },
        readSettings({ HF_ENDPOINT: url, HF_TOKEN: secret }),
      ),
  ],
]

test.each(askers.flatMap(([asker, ask]) => answers.map((answer) => ({ asker, ask, answer }))))(
  '$asker that is answered with $answer.0 says so, with the address, after one question',
  async ({ ask, answer: [, body, type, words] }) => {
    const server = await startAnswering((_, response) => {
      response.writeHead(200, { 'content-type': type }).end(body)
    })
    servers.push(server)
    const error = await ask(server).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(IngotError)
    // Checked in the line above.
    const { code, failure } = error as IngotError
    expect(code).toBe('bad-answer')
    expect(failure.found).toMatch(words)
    const told = `${failure.attempted} ${failure.found} ${failure.hint}`
    expect(told).toContain(`${server.host}/`)
    expect(told).not.toContain(secret)
    expect(told).not.toContain('?')
    expect(exitCodeOf(error)).toBe(1)
    expect(server.asked).toHaveLength(1)
  },
)

test.each(
  answers.filter(([name]) => name !== 'members of other types' && name !== 'an object of other members'),
)(
  'size of an image whose registry answers with %s says so, with the address',
  async (_, body, type, words) => {
    const server = await startAnswering((_, response) => {
      response.writeHead(200, { 'content-type': type }).end(body)
    })
    servers.push(server)
    const options = { store: null, platform: 'linux/amd64', settings: readSettings({}) }
    const error = await openReference(`${server.host}/a/b:1`, options).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'bad-answer', failure: { found: expect.stringMatching(words) } })
    expect((error as IngotError).failure.attempted).toContain(`${server.url}/v2/a/b/manifests/1`)
  },
)

test.each(answers)('a token server that answers with %s is named', async (_, body, type) => {
  const server = await startAnswering((request, response) => {
    if (request.url?.startsWith('/token')) return response.writeHead(200, { 'content-type': type }).end(body)
    const realm = `Bearer realm="http://${request.headers.host}/token",service="s"`
    return response.writeHead(401, { 'www-authenticate': realm }).end()
  })
  servers.push(server)
  const reading = openReference(`${server.host}/a/b:1`, {
    store: null,
    platform: 'linux/amd64',
    settings: readSettings({}),
  })
  await expect(reading).rejects.toMatchObject({
    code: 'bad-answer',
    failure: {
      attempted: expect.stringContaining(`${server.url}/token`),
      found: expect.stringContaining('holds no token'),
    },
  })
  const { fetch, close } = openConnection({})
  const session = openSession(
    { host: server.host, name: 'a/b' },
    { fetch, login: async () => undefined, retry: { attempts: 2, firstDelayMs: 1, maxDelayMs: 1 } },
  )
  await expect(hasBlob(session, `sha256:${'0'.repeat(64)}`)).rejects.toMatchObject({
    code: 'bad-answer',
    failure: { attempted: expect.stringContaining(`${server.url}/token`) },
  })
  await close()
})

test.each(answers.slice(0, 5))(
  'publishing to a server that answers %s is no fight with another publisher',
  async (_, body, type) => {
    const server = await startAnswering((_, response) => {
      response.writeHead(200, { 'content-type': type }).end(body)
    })
    servers.push(server)
    const { fetch, close } = openConnection({})
    const session = openSession({ host: server.host, name: 'a/b' }, { fetch, login: async () => undefined })
    const text = '{"schemaVersion":2}'
    const descriptor = {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: `sha256:${'0'.repeat(64)}`,
      size: text.length,
    } as const
    await expect(putManifest(session, { descriptor, text })).rejects.toMatchObject({
      code: 'bad-answer',
      failure: { attempted: expect.stringContaining(`${server.url}/v2/a/b/manifests/`) },
    })
    await close()
  },
)

test('a list of files whose next page is the page itself ends', async () => {
  const server = await startAnswering((request, response) => {
    const isList = request.url?.includes('/tree/')
    const next = `<http://${request.headers.host}${request.url}>; rel="next"`
    response.writeHead(200, { 'content-type': 'application/json', ...(isList && { link: next }) })
    response.end(isList ? '[]' : JSON.stringify({ _id: '1', id: 'owner/name', sha: 'a'.repeat(40) }))
  })
  servers.push(server)
  const source = { type: 'huggingface', repo: 'owner/name', revision: 'main' } as const
  await expect(inventory(source, { HF_ENDPOINT: server.url })).rejects.toMatchObject({
    code: 'bad-answer',
    failure: { found: expect.stringContaining('leads back to itself') },
  })
})

test.each([
  ['a circle', (host: string) => `http://${host}/again`],
  ['nowhere', () => '::::'],
  ['a file', () => 'file:///etc/passwd'],
  ['another scheme', () => 'gopher://example.invalid/'],
])('a Hub that redirects to %s is asked once more at most, not for minutes', async (_, locationOf) => {
  const server = await startAnswering((request, response) => {
    response.writeHead(302, { location: locationOf(request.headers.host ?? '') }).end()
  })
  servers.push(server)
  const source = { type: 'huggingface', repo: 'owner/name', revision: 'main' } as const
  await expect(inventory(source, { HF_ENDPOINT: server.url })).rejects.toMatchObject({ code: 'bad-answer' })
  expect(server.asked.length).toBeLessThan(13)
})

test('a page in place of a file of weights is not asked for again', async () => {
  const server = await startAnswering((_, response) => {
    const page = '<html><title>Sign in</title></html>'
    response.writeHead(200, { 'content-type': 'text/html', 'content-length': page.length }).end(page)
  })
  servers.push(server)
  const { readRange } = await import('../../../pipelines/network/ranged.ts')
  const { fetch, close } = openConnection({})
  const read = async () => {
    for await (const _ of readRange(`${server.url}/model.safetensors?token=${secret}`, 0, 1e6, { fetch }));
  }
  const error = await read().catch((caught: unknown) => caught)
  expect(error).toMatchObject({
    code: 'bad-answer',
    failure: { attempted: `read ${server.url}/model.safetensors` },
  })
  await close()
})
