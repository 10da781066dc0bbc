import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { scriptWith } from '../pipelines/bundle/script.ts'
import { type DebianRegistry, startDebianRegistry } from '../pipelines/publish/debian-registry.ts'
import { toolPath } from '../tools/find.ts'
import { type SignedBundle, signedBundle, statementTypes } from './signed-bundle.ts'

// A signed bundle's way into the registry of a site, by Debian's skopeo; the real cosign asks that registry.

const run = promisify(execFile)
let all: SignedBundle
let debian: DebianRegistry
let folder: string
let cosign: string
let built: SignedBundle['built']
let images: SignedBundle['images']
let key: SignedBundle['key']

beforeAll(async () => {
  debian = await startDebianRegistry()
  toolPath('skopeo')
  all = await signedBundle()
  ;({ folder, cosign, built, images, key } = all)
})

afterAll(() => Promise.all([all.close(), debian.close()]))

describe.each<[string, () => string]>([
  ['Debian’s docker-registry, without the referrers API', () => debian.host],
  ['our own registry, with it', () => `127.0.0.1:${all.place.registry.port}`],
])('load.sh --to %s', (_, host) => {
  const load = (to: string, path = all.bundle) =>
    scriptWith(
      { ...all.site, INGOT_SKOPEO_FLAGS: '--dest-tls-verify=false' },
      join(path, 'load.sh'),
      ...['--to', to, '--key', key('ours.pub')],
    )
  const check = (act: string, reference: string, ...args: string[]) =>
    run(cosign, [act, '--insecure-ignore-tlog=true', ...args, reference], {
      env: all.environment,
      maxBuffer: 1 << 26,
    })

  test('the site’s registry has signatures, attestations and documents of every image', async () => {
    const to = `${host()}/site`
    const told = await load(to)
    expect(told, told.stderr).toMatchObject({ code: 0 })
    for (const { digest, name } of images) {
      const reference = `${to}/${name.replace(/^localhost\//, '').replace(/:.*/, '')}@${digest}`
      const verified = await check('verify', reference, '--key', key('ours.pub'))
      expect(JSON.parse(verified.stdout)[0].critical.image['docker-manifest-digest']).toBe(digest)
      await expect(check('verify', reference, '--key', key('other.pub'))).rejects.toThrow()
    }
    const server = `${to}/sbom-sample@${images[0]?.digest}`
    for (const type of [...Object.values(statementTypes), 'slsaprovenance1', 'spdxjson', 'cyclonedx']) {
      await check('verify-attestation', server, '--key', key('ours.pub'), '--type', type)
      const other = check('verify-attestation', server, '--key', key('other.pub'), '--type', type)
      await expect(other).rejects.toThrow()
    }
    const vuln = check('verify-attestation', server, '--key', key('ours.pub'), '--type', 'vuln')
    await expect(vuln).rejects.toThrow()
  })

  test('loaded again, nothing is lost of what the site signed itself', async () => {
    const to = `${host()}/twice`
    expect((await load(to)).code).toBe(0)
    const server = `${to}/sbom-sample@${images[0]?.digest}`
    const own = ['--yes', '--key', key('other.key'), '--signing-config', key('config.json')]
    await writeFile(
      key('config.json'),
      '{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json"}',
    )
    const roots = key('roots.json')
    await writeFile(roots, '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}')
    await run(cosign, ['sign', ...own, '--trusted-root', roots, server], { env: all.environment })
    const changed = { ...built, report: { ...built.report, model: 'acme/again' } }
    const later = await mkdtemp(join(folder, 'later-'))
    await all.make({ folder: later, built: [changed] })
    for (const path of [all.bundle, later, all.bundle]) {
      const told = await load(to, path)
      expect(told, told.stderr).toMatchObject({ code: 0 })
      for (const name of ['ours.pub', 'other.pub']) await check('verify', server, '--key', key(name))
    }
    const reports = await check(
      'verify-attestation',
      server,
      '--key',
      key('ours.pub'),
      '--type',
      statementTypes.report,
    )
    expect(reports.stdout.trim().split('\n')).toHaveLength(2)
  })
})

test('a registry that skopeo needs a flag for: how it is given one', async () => {
  const told = await scriptWith(all.site, join(all.bundle, 'load.sh'), '--to', `${debian.host}/plain`)
  expect(told).toMatchObject({ code: 1, stdout: expect.not.stringContaining('plain/') })
  expect(told.stderr).toContain(`could not copy into ${debian.host}/plain; INGOT_SKOPEO_FLAGS gives it`)
})

test('with a login that skopeo is given, for what is written as for what is read before', async () => {
  const password = 'sesame-0451'
  const locked = await startDebianRegistry(password)
  onTestFinished(() => locked.close())
  const flags = `--dest-tls-verify=false --dest-creds robot:${password}`
  const load = () =>
    scriptWith(
      { ...all.site, INGOT_SKOPEO_FLAGS: flags },
      join(all.bundle, 'load.sh'),
      ...['--to', `${locked.host}/locked`],
    )
  const first = await load()
  expect(first, first.stderr).toMatchObject({ code: 0 })
  expect(first.stdout + first.stderr).toContain('Copying 11 of 11 images in list')
  // What is there already is seen, and left as it is.
  const second = await load()
  expect(second, second.stderr).toMatchObject({ code: 0 })
  expect(second.stdout + second.stderr).not.toContain('images in list')
})

test('by the shell and the tools of busybox alone, as on Alpine', async () => {
  const tools = join(folder, 'busybox')
  await mkdir(tools)
  await run(toolPath('busybox'), ['--install', '-s', tools])
  await symlink(toolPath('skopeo'), join(tools, 'skopeo'))
  await symlink(cosign, join(tools, 'cosign'))
  const parts = join(folder, 'parts')
  await all.make({ folder: parts, partBytes: 1 << 20 })
  const env = { PATH: tools, HOME: folder, INGOT_SKOPEO_FLAGS: '--dest-tls-verify=false' }
  const to = `${debian.host}/busybox`
  const load = (path: string) =>
    run(join(tools, 'sh'), [join(path, 'load.sh'), '--to', to, '--key', key('ours.pub')], { env })
  expect((await load(parts)).stdout).toContain('images in list')
  expect((await load(all.bundle)).stdout).not.toContain('images in list')
  for (const { digest, name } of images) {
    const reference = `${to}/${name.replace(/^localhost\//, '').replace(/:.*/, '')}@${digest}`
    await run(cosign, ['verify', '--key', key('ours.pub'), '--insecure-ignore-tlog=true', reference])
  }
  await run(join(tools, 'sh'), [join(all.bundle, 'verify.sh'), '--key', key('ours.pub')], { env })
})
