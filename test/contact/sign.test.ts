import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mediaTypes } from '../../images/oci/oci.ts'
import type { OriginalImage } from '../../pipelines/catalogue/built-image.ts'
import { builtSample, publishSample } from '../pipelines/outgoing/sample.ts'
import { type DebianRegistry, startDebianRegistry } from '../pipelines/publish/debian-registry.ts'
import { openPlace, type Place } from '../pipelines/publish/place.ts'
import { lock } from '../pipelines/sbom/image.ts'
import { toolPath } from '../tools/find.ts'
import { password, signingEnvironment } from './signed-bundle.ts'

const run = promisify(execFile)
let place: Place
let debian: DebianRegistry
let folder: string
let cosign: string
let crane: string
let environment: NodeJS.ProcessEnv
let built: OriginalImage

beforeAll(async () => {
  place = await openPlace()
  debian = await startDebianRegistry()
  folder = await mkdtemp(join(tmpdir(), 'ingot-sign-'))
  crane = toolPath('crane')
  const signing = await signingEnvironment(folder)
  environment = signing
  cosign = signing.INGOT_COSIGN
  built = await builtSample(place.store)
})

afterAll(async () => {
  await Promise.all([place.close(), debian.close()])
  await rm(folder, { recursive: true })
})

const key = (name: string) => join(folder, name)
const signer = () => ({ type: 'key' as const, key: key('ours.key'), isLogged: false })

/** cosign as somebody runs it who has the public key and no network. */
async function verify(
  act: 'verify' | 'verify-attestation',
  reference: string,
  args: string[] = [],
  pub = 'ours.pub',
) {
  const given = [act, '--key', key(pub), '--insecure-ignore-tlog=true', ...args, reference]
  return (await run(cosign, given, { env: environment, maxBuffer: 1 << 26 })).stdout
}

async function predicateOf(reference: string, type: string) {
  const lines = (await verify('verify-attestation', reference, ['--type', type])).trim().split('\n')
  expect(lines).toHaveLength(1)
  const statement = JSON.parse(Buffer.from(JSON.parse(lines[0] ?? '').payload, 'base64').toString('utf8'))
  return { predicate: statement.predicate, subject: statement.subject[0].digest.sha256 }
}

describe.each<[string, () => string]>([
  ['Debian’s docker-registry, without the referrers API', () => debian.host],
  ['our own registry, with it', () => `127.0.0.1:${place.registry.port}`],
])('%s', (_, host) => {
  test('cosign verifies the image and every attestation by key', async () => {
    const to = `${host()}/team/llm`
    const done = await publishSample({
      store: place.store,
      built: [built],
      to,
      signer: signer(),
      environment,
    })
    expect(done.notices).toEqual([])
    const reference = `${to}@${done.digest}`
    expect(JSON.parse(await verify('verify', reference))[0].critical.image['docker-manifest-digest']).toBe(
      done.digest,
    )
    const subject = done.digest.slice('sha256:'.length)
    const provenance = await predicateOf(reference, 'slsaprovenance1')
    expect(provenance).toMatchObject({
      subject,
      predicate: { runDetails: { builder: { id: expect.any(String) } } },
    })
    const spdx = await predicateOf(reference, 'spdxjson')
    expect(spdx).toMatchObject({ subject, predicate: { spdxVersion: 'SPDX-2.3' } })
    const cycloneDx = await predicateOf(reference, 'cyclonedx')
    expect(JSON.stringify(cycloneDx.predicate)).toContain(lock.weights.setDigest)
    const result = await predicateOf(reference, 'https://in-toto.io/attestation/test-result/v0.1')
    expect(result).toMatchObject({ subject, predicate: { result: 'PASSED' } })
    const report = await predicateOf(reference, 'urn:dev.ingot:report')
    expect(report).toMatchObject({ subject, predicate: { verdict: 'verified', image: done.digest } })
  })

  test('publishing again adds no signature and no attestation', async () => {
    const to = `${host()}/team/again`
    const once = await publishSample({
      store: place.store,
      built: [built],
      to,
      signer: signer(),
      environment,
    })
    const before = await referrersOf(to, once.digest)
    await publishSample({ store: place.store, built: [built], to, signer: signer(), environment })
    expect(await referrersOf(to, once.digest)).toEqual(before)
    // Four documents in their own form, one signature, five attestations; our own store counts those of other repositories.
    expect(before.length).toBeGreaterThanOrEqual(10)
  })

  test('another key, another image and a type that was not attested are refused', async () => {
    const to = `${host()}/team/refused`
    const { digest } = await publishSample({
      store: place.store,
      built: [built],
      to,
      signer: signer(),
      environment,
    })
    const reference = `${to}@${digest}`
    await expect(verify('verify', reference, [], 'other.pub')).rejects.toMatchObject({
      code: expect.any(Number),
    })
    await expect(
      verify('verify-attestation', reference, ['--type', 'slsaprovenance1'], 'other.pub'),
    ).rejects.toMatchObject({ code: expect.any(Number) })
    await expect(verify('verify-attestation', reference, ['--type', 'vuln'])).rejects.toMatchObject({
      code: expect.any(Number),
    })
    // A changed layer is another manifest: whoever moves the tag to it has no signature for it.
    await run('sh', ['-c', `printf changed > changed && tar cf changed.tar changed`], { cwd: folder })
    await run(crane, [
      'append',
      '--base',
      reference,
      '--new_layer',
      key('changed.tar'),
      '--new_tag',
      `${to}:v1`,
    ])
    const moved = (await run(crane, ['digest', `${to}:v1`])).stdout.trim()
    expect(moved).not.toBe(digest)
    await expect(verify('verify', `${to}:v1`)).rejects.toMatchObject({
      stderr: expect.stringMatching(/no signatures found/),
    })
    await verify('verify', reference)
  })

  test('without the key’s password nothing is signed, and no tag is set', async () => {
    const to = `${host()}/team/locked`
    const wrong = { ...environment, COSIGN_PASSWORD: 'not-the-password' }
    await expect(
      publishSample({ store: place.store, built: [built], to, signer: signer(), environment: wrong }),
    ).rejects.toMatchObject({
      code: 'tool-failed',
      failure: expect.objectContaining({ hint: expect.stringContaining('COSIGN_PASSWORD has to hold') }),
    })
    await expect(run(crane, ['digest', `${to}:v1`])).rejects.toMatchObject({ code: 1 })
  })

  test('an index over two platforms: it and both images are signed, each image has its own documents', async () => {
    const to = `${host()}/team/two`
    const arm = await builtSample(place.store, 'linux/arm64')
    const done = await publishSample({
      store: place.store,
      built: [built, arm],
      to,
      signer: signer(),
      environment,
    })
    await verify('verify', `${to}@${done.digest}`)
    for (const { report } of [built, arm]) {
      await verify('verify', `${to}@${report.image}`)
      const { subject } = await predicateOf(`${to}@${report.image}`, 'spdxjson')
      expect(subject).toBe(report.image.slice('sha256:'.length))
    }
    const index = JSON.parse((await run(crane, ['manifest', `${to}:v1`])).stdout)
    expect(index.mediaType).toBe(mediaTypes.index)
    expect(
      index.manifests.map(({ platform }: { platform: { architecture: string } }) => platform.architecture),
    ).toEqual(['amd64', 'arm64'])
    for (const platform of ['linux/amd64', 'linux/arm64'])
      expect((await run(crane, ['digest', '--platform', platform, `${to}:v1`])).stdout.trim()).toBe(
        platform === 'linux/amd64' ? built.report.image : arm.report.image,
      )
  })
})

async function referrersOf(to: string, digest: string): Promise<string[]> {
  const [host = '', ...name] = to.split('/')
  const api = await fetch(`http://${host}/v2/${name.join('/')}/referrers/${digest}`)
  const index = api.ok
    ? await api.json()
    : JSON.parse((await run(crane, ['manifest', `${to}:${digest.replace(':', '-')}`])).stdout)
  return index.manifests.map((item: { digest: string }) => item.digest).sort()
}

test('signed provenance says that nobody verified the image', async () => {
  const to = `${debian.host}/team/unverified`
  const given = { store: place.store, built: [built], to, signer: signer(), environment, isUnverified: true }
  const { digest } = await publishSample(given)
  const { predicate } = await predicateOf(`${to}@${digest}`, 'slsaprovenance1')
  expect(predicate.runDetails.metadata).toMatchObject({
    ingot_publishedUnverified: true,
    ingot_verdict: 'verified',
  })
})

test('the password of the key is in no argument of any process', async () => {
  const other = await openPlace()
  const spy = join(folder, 'spy-cosign')
  await writeFile(spy, `#!/bin/sh\nprintf '%s\\n' "$*" >> "${key('arguments')}"\nexec "${cosign}" "$@"\n`, {
    mode: 0o755,
  })
  await publishSample({
    store: other.store,
    built: [await builtSample(other.store)],
    to: `${debian.host}/team/spied`,
    signer: signer(),
    environment: { ...environment, INGOT_COSIGN: spy },
  })
  await other.close()
  const seen = (await readFile(key('arguments'), 'utf8')).trim().split('\n')
  // The key is read, then the image is signed, each of five documents, and the model.
  expect(seen.map((line) => line.split(' ')[0])).toEqual(['public-key', ...Array(7).fill('attest-blob')])
  expect(seen.filter((line) => line.includes(password))).toEqual([])
})
