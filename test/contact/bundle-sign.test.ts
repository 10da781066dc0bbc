import { execFile } from 'node:child_process'
import { appendFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signatureType } from '../../images/oci/attestation.ts'
import { collectGarbage } from '../../pipelines/store/garbage.ts'
import { listRecords } from '../../pipelines/store/record.ts'
import { listReferences } from '../../pipelines/store/reference.ts'
import { bytesIn, scriptWith, type Told } from '../pipelines/bundle/script.ts'
import { artifactSample } from '../pipelines/outgoing/sample.ts'
import { openPlace } from '../pipelines/publish/place.ts'
import { password, type SignedBundle, signedBundle, statementTypes } from './signed-bundle.ts'

// A signed bundle, checked by the real cosign at a site without a network.

const run = promisify(execFile)
let all: SignedBundle
let folder: string
let cosign: string
let site: NodeJS.ProcessEnv
let built: SignedBundle['built']
let bundle: string
let images: SignedBundle['images']
let key: SignedBundle['key']
let make: SignedBundle['make']

beforeAll(async () => {
  all = await signedBundle()
  ;({ folder, cosign, site, built, bundle, images, key, make } = all)
})

afterAll(() => all.close())

const signed = (image: string) => (statement: string) => `attestations/${image}/${statement}.sigstore.json`

/** verify.sh where no packet can leave. */
async function verify(path: string, ...args: string[]): Promise<Told> {
  const away = join(folder, 'away.sh')
  await writeFile(away, 'exec unshare --net sh "$@"\n')
  return scriptWith(site, away, join(path, 'verify.sh'), ...args)
}

/** A copy whose sums are made anew, as by somebody who changes a bundle and knows how it is made. */
async function forged(change: (path: string) => Promise<unknown>): Promise<string> {
  const path = await mkdtemp(join(folder, 'forged-'))
  await cp(bundle, path, { recursive: true })
  await change(path)
  const sums = (await readFile(join(path, 'SHA256SUMS'), 'utf8')).trim().split('\n')
  const found = await bytesIn(path)
  const again = sums.map((line) => `${found[line.slice(66)]}  ${line.slice(66)}\n`)
  await writeFile(join(path, 'SHA256SUMS'), again.join(''))
  return path
}

test('what is known of the images lies in it as files, the SBOM of a modelcar too', async () => {
  const names = Object.keys(await bytesIn(bundle)).filter((name) => !/^(attached\/)?blobs\//.test(name))
  expect(names.filter((name) => /^(attestations|provenance|sbom|test-result)\//.test(name)).sort()).toEqual([
    ...['sbom.cyclonedx', 'sbom.spdx', 'signature'].map(signed('sbom-sample-modelcar')),
    signed('sbom-sample-weights')('signature'),
    ...['provenance', 'report', 'sbom.cyclonedx', 'sbom.spdx', 'signature', 'test-result'].map(
      signed('sbom-sample'),
    ),
    'provenance/sbom-sample.json',
    ...['sbom-sample-modelcar', 'sbom-sample'].flatMap((name) => [
      `sbom/${name}.cyclonedx.json`,
      `sbom/${name}.spdx.json`,
    ]),
    'test-result/sbom-sample.json',
  ])
  const spdx = JSON.parse(await readFile(join(bundle, 'sbom/sbom-sample-modelcar.spdx.json'), 'utf8'))
  expect(JSON.stringify(spdx)).toContain('pkg:deb/debian/busybox-static@1%3A1.35.0-4')
  expect(images.map(({ name }) => name.split(':')[0])).toEqual([
    'localhost/sbom-sample',
    'localhost/sbom-sample-weights',
    'localhost/sbom-sample-modelcar',
  ])
})

test('cosign accepts each statement about the manifest beside it, without a registry and without a network', async () => {
  const [image] = images
  const blob = join(bundle, 'blobs/sha256', image?.digest.slice('sha256:'.length) ?? '')
  for (const [name, type] of [['signature', signatureType], ...Object.entries(statementTypes)]) {
    const file = join(bundle, 'attestations/sbom-sample', `${name}.sigstore.json`)
    const given = ['verify-blob-attestation', '--key', key('ours.pub'), '--insecure-ignore-tlog=true']
    const args = ['--net', cosign, ...given, '--type', type ?? '', '--bundle', file, blob]
    expect((await run('unshare', args, { env: site })).stderr).toContain('Verified OK')
  }
})

test('without a script of the bundle: cosign checks the list, sha256sum the rest', async () => {
  const given = ['verify-blob-attestation', '--key', key('ours.pub'), '--insecure-ignore-tlog=true']
  const list = ['--type', signatureType, '--bundle', 'SHA256SUMS.sigstore.json', 'SHA256SUMS']
  const checked = await run('unshare', ['--net', cosign, ...given, ...list], { env: site, cwd: bundle })
  expect(checked.stderr).toContain('Verified OK')
  const summed = await run('sha256sum', ['--check', '--quiet', '--strict', 'SHA256SUMS'], { cwd: bundle })
  expect(summed.stdout).toBe('')
})

describe('verify.sh', () => {
  test('accepts our key, and says what it does not check without one or without cosign', async () => {
    const told = await verify(bundle, '--key', key('ours.pub'))
    expect(told, told.stderr).toMatchObject({ code: 0 })
    // Server: a signature and five documents; weights: a signature; modelcar: a signature and two forms of an SBOM.
    expect(told.stdout).toContain('and 10 statements about its images')
    expect((await verify(bundle)).stdout).toContain('not checked: its signatures')
    const away = await scriptWith(
      { ...site, PATH: '/usr/bin:/bin' },
      join(bundle, 'verify.sh'),
      ...['--key', key('ours.pub')],
    )
    expect(away).toMatchObject({ code: 2, stderr: expect.stringContaining('cosign is not here') })
  })

  test('refuses another key', async () => {
    const told = await verify(bundle, '--key', key('other.pub'))
    expect(told.code).toBe(1)
    expect(told.stderr).toContain('SHA256SUMS has no signature by')
    expect(told.stderr).toContain('11 wrong')
  })

  test.each<[string, (path: string) => Promise<unknown>, RegExp]>([
    [
      'a changed SBOM',
      (path) => appendFile(join(path, 'sbom/sbom-sample.spdx.json'), ' '),
      /SHA256SUMS has no signature/,
    ],
    [
      'a changed manifest',
      (path) => appendFile(join(path, 'blobs/sha256', images[0]?.digest.slice('sha256:'.length) ?? ''), ' '),
      /sha256:\w+ has no signature/,
    ],
    [
      'another statement',
      async (path) => {
        const folder = join(path, 'attestations/sbom-sample')
        await cp(join(folder, 'report.sigstore.json'), join(folder, 'test-result.sigstore.json'))
      },
      /sha256:\w+ has no signature .*test-result/,
    ],
    [
      'an image without a signature',
      (path) => appendFile(join(path, 'IMAGES'), `sha256:${'0'.repeat(64)} localhost/other:1\n`),
      /localhost\/other:1 is not signed/,
    ],
  ])('refuses %s, although its sums are right', async (_, change, words) => {
    const path = await forged(change)
    expect((await verify(path)).code).toBe(0)
    const told = await verify(path, '--key', key('ours.pub'))
    expect(told).toMatchObject({ code: 1, stderr: expect.stringMatching(words) })
  })

  test('refuses a bundle whose signature was taken away', async () => {
    const path = await forged((copy) => rm(join(copy, 'SHA256SUMS.sigstore.json')))
    const told = await verify(path, '--key', key('ours.pub'))
    expect(told).toMatchObject({ code: 1, stderr: expect.stringContaining('is not signed') })
  })
})

describe('the same bytes', () => {
  test('bundled again, in parts and after an earlier one', async () => {
    const again = join(folder, 'again')
    await make({ folder: again })
    expect(await bytesIn(again)).toEqual(await bytesIn(bundle))
    const parts = join(folder, 'parts')
    await make({ folder: parts, partBytes: 1 << 20 })
    const told = await verify(parts, '--key', key('ours.pub'))
    expect(told).toMatchObject({ code: 0, stdout: expect.stringContaining('inside the parts') })
    const unpacked = join(folder, 'unpacked')
    await scriptWith(site, join(parts, 'load.sh'), '--unpack', unpacked, '--key', key('ours.pub'))
    expect(await bytesIn(unpacked)).toEqual(await bytesIn(bundle))
  })

  test('a differential bundle is signed, and with its earlier one it is the whole', async () => {
    const weights = join(folder, 'earlier')
    await make({ folder: weights, built: [built] })
    const changed = { ...built, report: { ...built.report, model: 'acme/renamed' } }
    const [whole, difference] = [join(folder, 'whole'), join(folder, 'difference')]
    await make({ folder: whole, built: [changed] })
    await make({ folder: difference, built: [changed], since: weights })
    const told = await verify(difference, '--with', weights, '--key', key('ours.pub'))
    expect(told, told.stderr).toMatchObject({ code: 0 })
    const merged = join(folder, 'merged')
    const given = ['--with', weights, '--key', key('ours.pub'), '--unpack', merged]
    const loaded = await scriptWith(site, join(difference, 'load.sh'), ...given)
    expect(loaded, loaded.stderr).toMatchObject({ code: 0 })
    expect(await bytesIn(merged)).toEqual(await bytesIn(whole))
  })
})

test('the password of the key is in no argument, and signatures go with their image', async () => {
  const spy = join(folder, 'spy-cosign')
  await writeFile(spy, `#!/bin/sh\nprintf '%s\\n' "$*" >> "${key('arguments')}"\nexec "${cosign}" "$@"\n`, {
    mode: 0o755,
  })
  const other = await openPlace()
  const sample = await artifactSample(other.store)
  const given = { ...all.environment, INGOT_COSIGN: spy }
  const path = join(folder, 'spied')
  await make({ folder: path, store: other.store, built: [sample], environment: given })
  const seen = await readFile(key('arguments'), 'utf8')
  expect(seen).toContain('attest-blob')
  expect(seen).not.toContain(password)

  // What a key signed stays with its image, however long nobody used it; only the list's signature is made anew.
  await collectGarbage(other.store, { recordsForMs: 0 })
  const later = join(folder, 'spied-later')
  await make({ folder: later, store: other.store, built: [sample], environment: given })
  const [before, after] = [await bytesIn(path), await bytesIn(later)]
  const changed = Object.keys(after).filter((name) => after[name] !== before[name])
  expect(changed).toEqual(['SHA256SUMS.sigstore.json'])

  expect((await listRecords(other.store, 'signature')).length).toBe(12)
  await collectGarbage(other.store, { drop: ({ name }) => name !== undefined, recordsForMs: 0 })
  expect(await listReferences(other.store)).toEqual([])
  expect(await listRecords(other.store, 'signature')).toEqual([])
  expect(await readdir(join(other.store.root, 'blobs/sha256'))).toEqual([])
  await other.close()
})
