import { execFile } from 'node:child_process'
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { documentTypes } from '../../images/oci/document-types.ts'
import { main } from '../../pipelines/cli.ts'
import { openConnection } from '../../pipelines/network/connection.ts'
import { findReferrers, openReader } from '../../pipelines/registry-client/read.ts'
import { parsePushTarget } from '../../pipelines/registry-client/reference.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { builtSample, publishSample, quiet } from '../pipelines/outgoing/sample.ts'
import { type DebianRegistry, startDebianRegistry } from '../pipelines/publish/debian-registry.ts'
import { imageOf } from '../pipelines/publish/images.ts'
import { openPlace, type Place } from '../pipelines/publish/place.ts'
import { vulnerableImage } from '../pipelines/vulnerabilities/image.ts'
import { recordedGrype } from '../pipelines/vulnerabilities/recorded.ts'
import { scratchFolder } from '../scratch.ts'
import { toolPath } from '../tools/find.ts'
import { signingEnvironment } from './signed-bundle.ts'

// What a copy of a published image keeps of what was said about it, by the tools that people copy with.

const run = promisify(execFile)
let place: Place
let other: Place
let debian: DebianRegistry
let source: string
let digest: string

beforeAll(async () => {
  place = await openPlace()
  other = await openPlace()
  debian = await startDebianRegistry()
  source = `127.0.0.1:${place.registry.port}/from:v1`
  digest = await publish(source)
})

afterAll(() => Promise.all([place.close(), other.close(), debian.close()]))

/** Publishes an image with provenance, report and both documents on vulnerabilities. */
async function publish(to: string): Promise<string> {
  const image = await vulnerableImage(place.store, { policy: { limit: 'critical' } })
  const grype = await recordedGrype(place.folder, new Date().toISOString())
  const environment = { PATH: '/usr/bin:/bin', INGOT_GRYPE: grype }
  return (await publishSample({ store: place.store, built: [image], to, environment })).digest
}

/** Types of what a registry has about an image. */
async function saidAbout(reference: string, digest: string): Promise<string[]> {
  const settings = readSettings({ HOME: '/nonexistent' })
  const connection = openConnection(settings.proxies)
  try {
    const session = openReader(parsePushTarget(reference), { fetch: connection.fetch, settings })
    const found = await findReferrers(session, digest as `sha256:${string}`)
    return found.map(({ artifactType }) => artifactType ?? '').sort()
  } finally {
    await connection.close()
  }
}

test('what is published has provenance, report and both documents on vulnerabilities beside it', async () => {
  expect(await saidAbout(source, digest)).toEqual([
    'application/vnd.dev.ingot.cyclonedx-vex.v1+json',
    'application/vnd.dev.ingot.report.v1+json',
    'application/vnd.in-toto+json',
    'application/vnd.in-toto+json',
  ])
})

const all = 4

describe.each<[string, () => string]>([
  ['our own registry, with the referrers API', () => `127.0.0.1:${other.registry.port}`],
  ['Debian’s docker-registry, without it', () => debian.host],
])('into %s', (_, host) => {
  test.each<[string, (from: string, target: string) => [string, string[]], number]>([
    // First: our own registry knows what speaks about a digest whatever name it came under.
    [
      'crane copy keeps nothing of it',
      (from, target) => [toolPath('crane'), ['copy', '--insecure', from, target]],
      0,
    ],
    [
      'oras cp -r keeps all of it',
      (from, target) => [
        toolPath('oras'),
        ['cp', '-r', '--from-plain-http', '--to-plain-http', from, target],
      ],
      all,
    ],
    [
      'regctl image copy --referrers keeps all of it',
      (from, target) => [
        toolPath('regctl'),
        ['image', 'copy', '--referrers', ...insecure(from), ...insecure(target), from, target],
      ],
      all,
    ],
  ])('%s', async (name, command, kept) => {
    const target = `${host()}/to-${name.split(' ')[0]}:v1`
    const [program, args] = command(source, target)
    await run(program, args, { env: { ...process.env, HOME: await scratchFolder() } })
    expect(await saidAbout(target, digest)).toHaveLength(kept)
  })
})

test.each<[string, string[], boolean]>([
  ['skopeo copy --preserve-digests keeps plain layers and the digest', ['--all', '--preserve-digests'], true],
  ['skopeo copy without options packs plain layers, so that it is another image', [], false],
])('%s', async (_, options, isKept) => {
  const name = `plain-${options.length}:v1`
  const image = await imageOf(place.store, [{ seed: name, sizeBytes: 5000 }], { name })
  const target = `127.0.0.1:${other.registry.port}/${name}`
  const flags = ['--insecure-policy', 'copy', '--dest-tls-verify=false', ...options]
  await run(toolPath('skopeo'), [...flags, `oci:${place.store.root}:${name}`, `docker://${target}`])
  expect((await digestAt(target)) === image.digest).toBe(isKept)
  const said = await run(toolPath('crane'), ['manifest', '--insecure', target])
  const { layers }: { layers: { mediaType: string }[] } = JSON.parse(said.stdout)
  expect(layers.map(({ mediaType }) => mediaType.endsWith('.tar'))).toEqual([isKept])
})

interface Copied {
  code: number
  out: string
  err: string
}

/** The command line with a store that has nothing, as on a machine that built nothing. */
async function copy(argv: readonly string[], store?: string): Promise<Copied> {
  const [out, err]: [string[], string[]] = [[], []]
  const code = await main(['publish', ...argv], {
    stdout: (text) => void out.push(text),
    stderr: (text) => void err.push(text),
    environment: {
      PATH: '/usr/bin:/bin',
      HOME: '/nonexistent',
      INGOT_STORE: store ?? (await scratchFolder()),
    },
    progress: { ...quiet, lanes: () => [] },
    signal: new AbortController().signal,
  })
  return { code, out: out.join(''), err: err.join('') }
}

async function digestAt(reference: string): Promise<string> {
  return (await run(toolPath('crane'), ['digest', '--insecure', reference])).stdout.trim()
}

describe('ingot publish from another registry', () => {
  test.each<[string, () => string]>([
    ['our own registry', () => `127.0.0.1:${other.registry.port}`],
    ['Debian’s docker-registry', () => debian.host],
  ])('copies into %s all that is beside it, under the same digest', async (_, host) => {
    const target = `${host()}/copied`
    const done = await copy([source, '--to', `${target}:v2`, '--tag', 'stable'])
    expect(done, done.err).toMatchObject({ code: 0, out: expect.stringContaining(`${target}:stable`) })
    expect(done.out.trim().split('\n').at(-1)).toBe(digest)
    expect(await Promise.all(['v2', 'stable'].map((tag) => digestAt(`${target}:${tag}`)))).toEqual([
      digest,
      digest,
    ])
    expect(await saidAbout(target, digest)).toHaveLength(all)
    const again = await copy([`${target}@${digest}`, '--to', `${target}-again`])
    expect(again, again.err).toMatchObject({ code: 0 })
    expect(await saidAbout(`${target}-again`, digest)).toHaveLength(all)
  })

  test('mounts what is on the same host, and brings nothing of it here', async () => {
    const store = await scratchFolder()
    const done = await copy([source, '--to', source.replace('/from:v1', '/mounted'), '--json'], store)
    expect(done, done.err).toMatchObject({ code: 0 })
    const { layers } = JSON.parse((await run(toolPath('crane'), ['manifest', '--insecure', source])).stdout)
    expect(layers.length).toBeGreaterThan(0)
    for (const layer of layers)
      await expect(stat(join(store, 'blobs/sha256', layer.digest.slice(7)))).rejects.toThrow('ENOENT')
  })

  test('copies no image whose report was lost, unless it is told to', async () => {
    const bare = `${debian.host}/bare:v1`
    await run(toolPath('crane'), ['copy', '--insecure', source, bare])
    const target = `${debian.host}/refused`
    const refused = await copy([bare, '--to', target])
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('no report lies beside it') })
    await expect(digestAt(`${target}:latest`)).rejects.toThrow()
    expect((await copy([bare, '--to', target, '--unverified'])).code).toBe(0)
    expect(await digestAt(`${target}:latest`)).toBe(digest)
  })

  test.each([
    ['is no JSON', () => 'no report'],
    ['is of another image', () => JSON.stringify({ verdict: 'verified', image: `sha256:${'0'.repeat(64)}` })],
    ['says that it failed', () => JSON.stringify({ verdict: 'failed', image: digest })],
  ])('a report that %s verifies nothing', async (what, text) => {
    const bare = `${debian.host}/report-${what.replaceAll(' ', '-').toLowerCase()}:v1`
    await run(toolPath('crane'), ['copy', '--insecure', source, bare])
    const folder = await scratchFolder()
    await writeFile(join(folder, 'report.json'), text())
    const type = documentTypes.report
    await run(
      toolPath('oras'),
      ['attach', '--plain-http', '--artifact-type', type, bare, `report.json:${type}`],
      { cwd: folder },
    )
    expect(await copy([bare, '--to', `${debian.host}/refused-too`])).toMatchObject({
      code: 1,
      err: expect.stringContaining('its report does not call it verified'),
    })
  })

  test('makes nothing anew, and takes one image', async () => {
    const to = ['--to', `${debian.host}/never`]
    expect(await copy([source, ...to, '--sign', 'a.key'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('leave out --sign'),
    })
    expect((await copy([source, source, ...to])).code).toBe(2)
    const missing = await copy([source.replace(':v1', ':v9'), ...to])
    expect(missing).toMatchObject({ code: 1, err: expect.stringContaining('404') })
  })

  test('signatures and attestations are verified where they were copied to', async () => {
    const folder = await scratchFolder()
    const environment = await signingEnvironment(folder)
    const signer = { type: 'key', key: join(folder, 'ours.key'), isLogged: false } as const
    const built = await builtSample(place.store)
    const to = `127.0.0.1:${place.registry.port}/signed`
    await publishSample({ store: place.store, built: [built], to, environment, signer })
    const target = `${debian.host}/signed:v1`
    const done = await copy([`${to}:v1`, '--to', target])
    expect(done, done.err).toMatchObject({ code: 0 })
    const verify = (...args: string[]) =>
      run(environment.INGOT_COSIGN, [...args, '--insecure-ignore-tlog=true', target], {
        env: environment,
        maxBuffer: 1 << 26,
      })
    await verify('verify', '--key', join(folder, 'ours.pub'))
    await verify('verify-attestation', '--key', join(folder, 'ours.pub'), '--type', 'spdxjson')
    await expect(verify('verify', '--key', join(folder, 'other.pub'))).rejects.toThrow()
  })
})

function insecure(reference: string): string[] {
  return ['--host', `reg=${reference.split('/')[0]},tls=disabled`]
}
