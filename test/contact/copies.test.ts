import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openConnection } from '../../pipelines/network/connection.ts'
import { findReferrers, openReader } from '../../pipelines/registry-client/read.ts'
import { parsePushTarget } from '../../pipelines/registry-client/reference.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { publishSample } from '../pipelines/outgoing/sample.ts'
import { type DebianRegistry, startDebianRegistry } from '../pipelines/publish/debian-registry.ts'
import { openPlace, type Place } from '../pipelines/publish/place.ts'
import { vulnerableImage } from '../pipelines/vulnerabilities/image.ts'
import { recordedGrype } from '../pipelines/vulnerabilities/recorded.ts'
import { scratchFolder } from '../scratch.ts'
import { toolPath } from '../tools/find.ts'

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
    const { manifests } = JSON.parse(found?.text ?? '{"manifests":[]}')
    return manifests.map(({ artifactType }: { artifactType?: string }) => artifactType ?? '').sort()
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

function insecure(reference: string): string[] {
  return ['--host', `reg=${reference.split('/')[0]},tls=disabled`]
}
