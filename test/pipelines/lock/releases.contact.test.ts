import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { listReleases, newestRelease } from '../../../pipelines/lock/releases.ts'
import { readSettings } from '../../../pipelines/settings/settings.ts'
import { setReference } from '../../../pipelines/store/reference.ts'
import { served } from '../registry-server/served.ts'
import { scratchImage } from '../store/image.ts'

const tags = ['latest', 'v0.9.0', 'v0.31.0', 'v0.31.2', 'v0.40.0', 'v0.41.0rc1', 'v0.33.0-cu129']

function asked(notes: string[] = []) {
  const signal = new AbortController().signal
  return { settings: readSettings({}), signal, note: (text: string) => void notes.push(text) }
}

async function registry(): Promise<string> {
  const { store, registry: server } = await served()
  const { descriptor } = await scratchImage(store)
  for (const tag of tags) await setReference(store, `acme/server:${tag}`, descriptor)
  return `${new URL(server.url).host}/acme/server`
}

test('releases of a repository are read from a registry, and the newest in the range is taken', async () => {
  const repository = await registry()
  const found = await listReleases(`${repository}:v0.31.0`, asked())
  expect(found).toMatchObject({ repository, releases: [{ tag: 'v0.40.0' }, { tag: 'v0.31.2' }, {}, {}] })
  const notes: string[] = []
  const newest = (range: string) => newestRelease(`${repository}:v0.31.0`, { ...asked(notes), range })
  expect(await newest('>=0.30 <0.32')).toBe(`${repository}:v0.31.2`)
  expect(await newest('*')).toBe(`${repository}:v0.40.0`)
  expect(await newest('>=0.50')).toBe(`${repository}:v0.31.0`)
  expect(notes).toEqual([])
})

test('a tag that moves by itself is asked for nothing', async () => {
  expect(await listReleases('127.0.0.1:9/a/b:server-cuda', asked())).toMatchObject({ releases: [] })
})

/** A registry that has one tag a page, as Docker Hub has a hundred; `link` is how it points to the next. */
async function pagingRegistry(link: (next: string, host: string) => string) {
  const urls: string[] = []
  const server = createServer((request, response) => {
    urls.push(request.url ?? '')
    const { searchParams } = new URL(request.url ?? '', 'http://localhost')
    const at = tags.indexOf(searchParams.get('last') ?? '') + 1
    const next = `/v2/acme/server/tags/list?n=1&last=${tags[at]}`
    const more = at + 1 < tags.length ? { link: link(next, request.headers.host ?? '') } : {}
    response.writeHead(200, { 'content-type': 'application/json', ...more })
    response.end(JSON.stringify({ name: 'acme/server', tags: [tags[at]] }))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => new Promise<void>((done) => void server.close(() => done())))
  // A server that listens on TCP has an address of this kind.
  return { urls, repository: `127.0.0.1:${(server.address() as AddressInfo).port}/acme/server` }
}

test.each([
  ['a path', (next: string) => `<${next}>; rel="next"`],
  ['an address', (next: string, host: string) => `<http://${host}${next}>; rel=next`],
])('pages are followed by %s', async (_, link) => {
  const { repository, urls } = await pagingRegistry(link)
  const { releases } = await listReleases(`${repository}:v0.31.0`, asked())
  expect(releases.map(({ tag }) => tag)).toEqual(['v0.40.0', 'v0.31.2', 'v0.31.0', 'v0.9.0'])
  expect(urls).toHaveLength(tags.length)
})

test('a next page on another host is not asked for', async () => {
  const { repository, urls } = await pagingRegistry((next) => `<http://127.0.0.2:9${next}>; rel="next"`)
  expect((await listReleases(`${repository}:v0.31.0`, asked())).releases).toEqual([])
  expect(urls).toHaveLength(1)
})

test('a registry that lists nothing leaves the known release, and that is said', async () => {
  const server = createServer((_, response) => void response.writeHead(404).end('{}'))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => new Promise<void>((done) => void server.close(() => done())))
  // As above.
  const reference = `127.0.0.1:${(server.address() as AddressInfo).port}/acme/server:v0.31.0`
  const notes: string[] = []
  expect(await newestRelease(reference, { ...asked(notes), range: '*' })).toBe(reference)
  expect(notes.join()).toContain(`${reference} is taken, since its registry did not list its releases`)
})
