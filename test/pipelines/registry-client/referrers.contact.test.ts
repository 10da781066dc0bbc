import { expect, onTestFinished, test } from 'vitest'
import { describe as describeJson, mediaTypes } from '../../../images/oci/oci.ts'
import { openConnection } from '../../../pipelines/network/connection.ts'
import { findReferrers } from '../../../pipelines/registry-client/read.ts'
import { putReferrers } from '../../../pipelines/registry-client/referrers.ts'
import { openSession, type RegistrySession } from '../../../pipelines/registry-client/session.ts'
import { listTags } from '../../../pipelines/registry-client/tags.ts'
import { startAnswering } from '../../servers/answering.ts'
import { type Preconditions, startManifestRegistry } from '../../servers/manifest-registry.ts'

const subject = `sha256:${'5'.repeat(64)}` as const
const tag = subject.replace(':', '-')

function referrer(name: string) {
  const { bytes, descriptor } = describeJson(mediaTypes.manifest, { schemaVersion: 2, annotations: { name } })
  return { subject, manifest: { descriptor, text: bytes } }
}

async function registryWith(preconditions: Preconditions, writers: number) {
  const registry = await startManifestRegistry(preconditions, writers)
  onTestFinished(() => registry.close())
  const sessions = Array.from({ length: writers }, (): RegistrySession => {
    // Each as a process of its own has it.
    const { fetch, close } = openConnection({})
    onTestFinished(close)
    const retry = { attempts: 3, firstDelayMs: 40, maxDelayMs: 80 }
    return openSession({ host: registry.host, name: 'a/b' }, { fetch, login: async () => undefined, retry })
  })
  const listed = () => {
    const { manifests } = JSON.parse(String(registry.manifests.get(tag)))
    return manifests as { digest: string; note?: string }[]
  }
  return { registry, sessions, listed }
}

const foreign = {
  mediaType: mediaTypes.manifest,
  digest: `sha256:${'f'.repeat(64)}`,
  size: 7,
  note: 'a member that only its maker knows',
}
const earlier = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: [foreign] })

test.each(
  (['honoured', 'ignored', 'without-etag', 'unusable'] as const).flatMap((preconditions) =>
    [2, 5].flatMap((writers) => [
      [preconditions, writers, earlier] as const,
      [preconditions, writers, undefined] as const,
    ]),
  ),
)(
  'If-Match %s, %i publishers at once, a list of before %s: nothing is lost',
  async (preconditions, writers, list) => {
    const { registry, sessions, listed } = await registryWith(preconditions, writers)
    if (list !== undefined) registry.manifests.set(tag, Buffer.from(list))
    const own = sessions.map((_, i) => [referrer(`${i} a`), referrer(`${i} b`)])
    await Promise.all(sessions.map((session, i) => putReferrers(session, own[i] ?? [])))
    const wanted = own.flat().map(({ manifest }) => manifest.descriptor.digest)
    const entries = list === undefined ? [] : [foreign]
    expect(new Set(listed().map(({ digest }) => digest))).toEqual(
      new Set([...wanted, ...entries.map(({ digest }) => digest)]),
    )
    expect(listed().filter(({ note }) => note)).toEqual(entries)
  },
)

test('a write names what was read, and one that came too late is refused and made again', async () => {
  const { registry, sessions } = await registryWith('honoured', 2)
  registry.manifests.set(tag, Buffer.from(earlier))
  await Promise.all(sessions.map((session, i) => putReferrers(session, [referrer(String(i))])))
  expect(registry.writes.map(({ status }) => status)).toEqual([201, 412, 201])
  expect(registry.writes.every(({ precondition }) => precondition?.startsWith('"sha256:'))).toBe(true)
})

test('referrers of one image are one write, and those that are there already none', async () => {
  const { registry, sessions } = await registryWith('honoured', 1)
  const [session] = sessions
  if (session === undefined) throw new Error('there is no session')
  const all = ['a', 'b', 'c'].map(referrer)
  await putReferrers(session, all)
  await putReferrers(session, all)
  expect(registry.writes).toEqual([{ status: 201, precondition: '*' }])
  expect(await findReferrers(session, subject)).toEqual(
    expect.arrayContaining(
      all.map(({ manifest }) => expect.objectContaining({ digest: manifest.descriptor.digest })),
    ),
  )
})

test('a tag that may not be changed ends in an error that says so', async () => {
  const { registry, sessions } = await registryWith('immutable', 1)
  registry.manifests.set(tag, Buffer.from(earlier))
  const [session] = sessions
  if (session === undefined) throw new Error('there is no session')
  await expect(putReferrers(session, [referrer('a')])).rejects.toMatchObject({
    code: 'mismatch',
    failure: { hint: expect.stringContaining('immutable') },
  })
  expect(registry.writes.length).toBeLessThan(4)
})

/** The referrers API and the list of tags in pages of `sizes`, as the distribution spec lets a registry do it. */
async function pagedRegistry(pages: readonly (object | undefined)[]) {
  const server = await startAnswering((request, response) => {
    const url = new URL(request.url ?? '', 'http://registry')
    const page = Number(url.searchParams.get('page') ?? 0)
    const body = pages[page]
    if (body === undefined) return response.writeHead(404, { 'content-length': 0 }).end()
    const next = `<${url.pathname}?page=${page + 1}>; rel="next"`
    const isLast = page === pages.length - 1
    response.writeHead(200, { 'content-type': mediaTypes.index, ...(!isLast && { link: next }) })
    return response.end(JSON.stringify(body))
  })
  onTestFinished(() => server.close())
  const { fetch, close } = openConnection({})
  onTestFinished(close)
  return openSession({ host: server.host, name: 'a/b' }, { fetch, login: async () => undefined })
}

const listOf = (...names: string[]) => ({
  schemaVersion: 2,
  manifests: names.map((name) => referrer(name).manifest.descriptor),
})

test('what speaks about an image is read from all pages of the list', async () => {
  const session = await pagedRegistry([listOf('a', 'b'), listOf(), listOf('c')])
  const found = await findReferrers(session, subject)
  expect(found.map(({ digest }) => digest)).toEqual(
    listOf('a', 'b', 'c').manifests.map(({ digest }) => digest),
  )
})

test('a list that is cut short is an error, and no shorter list', async () => {
  const session = await pagedRegistry([listOf('a'), undefined, listOf('c')])
  await expect(findReferrers(session, subject)).rejects.toMatchObject({ code: 'not-found' })
})

test('a list that never ends is an error, of referrers and of tags', async () => {
  const endless = { schemaVersion: 2, manifests: [], tags: ['v1'] }
  const session = await pagedRegistry(Array.from({ length: 1002 }, () => endless))
  const failure = { failure: { found: 'after 1000 pages the registry names a further one' } }
  await expect(findReferrers(session, subject)).rejects.toMatchObject({ code: 'bad-answer', ...failure })
  await expect(listTags(session)).rejects.toMatchObject({ code: 'bad-answer', ...failure })
})

test('an answer that is no list is named', async () => {
  const session = await pagedRegistry([{ schemaVersion: 2, manifests: [{ digest: 'sha256:short' }] }])
  await expect(findReferrers(session, subject)).rejects.toMatchObject({
    code: 'bad-answer',
    failure: { found: expect.stringContaining('manifests.0') },
  })
})
