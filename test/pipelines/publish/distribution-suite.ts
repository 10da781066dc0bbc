import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { basicLogin } from '../../../pipelines/network/login.ts'
import { toolPath } from '../../tools/find.ts'
import { certificateFor } from './certificates.ts'
import { startConnectProxy } from './connect-proxy.ts'
import { type RegistryOptions, startRegistry } from './debian-registry.ts'
import { openFaultProxy } from './fault-proxy.ts'
import { imageOf, inspectTag } from './images.ts'
import { openPlace, type Place, publishTo } from './place.ts'
import { startTokenServer } from './token-server.ts'

const run = promisify(execFile)
const password = 'sesame-0451'

/** What every release of the distribution project's registry has to do with a publisher. */
export function distributionSuite(program: NonNullable<RegistryOptions['program']>): void {
  let place: Place
  let folder: string

  beforeAll(async () => {
    place = await openPlace()
    folder = await mkdtemp(join(tmpdir(), 'ingot-secured-'))
    toolPath(program)
  })

  afterAll(async () => {
    await place.close()
    await rm(folder, { recursive: true })
  })

  test('the digest there is the digest here; again, nothing is sent; a second repository mounts', async () => {
    const registry = await startRegistry({ program })
    const root = await imageOf(place.store, [{ seed: program, sizeBytes: 3_000_000 }])
    const first = { store: place.store, root, tags: ['v1', 'v2'], to: `${registry.host}/team/first` }
    expect((await publishTo(first)).uploadedBytes).toBeGreaterThan(3_000_000)
    expect(await publishTo(first)).toMatchObject({ sentBytes: 0, uploadedBytes: 0 })
    const crane = toolPath('crane')
    expect((await run(crane, ['digest', `${first.to}:v2`])).stdout.trim()).toBe(root.digest)
    const proxy = await openFaultProxy({ upstream: registry.origin })
    const second = await publishTo({
      ...first,
      to: `${proxy.host}/team/second`,
      chunkBytes: 1_000_000,
      sourcesOf: () => ['team/first'],
    })
    expect(second).toMatchObject({ sentBytes: 0, uploadedBytes: 0 })
    await proxy.close()
    await registry.close()
  })

  test('in chunks, through cuts at any byte', async () => {
    const registry = await startRegistry({ program })
    const root = await imageOf(place.store, [{ seed: `${program} cut`, sizeBytes: 2_000_000 }])
    let cuts = 0
    const proxy = await openFaultProxy({
      upstream: registry.origin,
      faultFor: ({ method, length }) =>
        method !== 'GET' && length > 100_000 && cuts++ < 3
          ? { type: 'cut-request', afterBytes: 70_000 + cuts }
          : undefined,
    })
    const to = `${proxy.host}/cut`
    await publishTo({ store: place.store, root, tags: ['v1'], to, chunkBytes: 600_000 })
    expect(cuts).toBeGreaterThanOrEqual(3)
    expect(await inspectTag(registry.origin, 'cut', 'v1')).toEqual({ state: 'complete', digest: root.digest })
    await proxy.close()
    await registry.close()
  })

  test('tokens of a server of its own: asked for push, and for pull of what is mounted from', async () => {
    const certificate = await certificateFor('tokens', await mkdtemp(join(folder, 'tokens-')))
    const names = { service: 'a-registry', issuer: 'a-token-server' }
    const server = await startTokenServer({ ...names, certificate, login: `robot:${password}` })
    const tokens = { ...names, realm: server.realm, certificate: certificate.certificate }
    const registry = await startRegistry({ program, tokens })
    const root = await imageOf(place.store, [{ seed: `${program} token`, sizeBytes: 100_000 }])
    const sample = { store: place.store, root, tags: ['v1'], to: `${registry.host}/locked` }
    await expect(publishTo(sample)).rejects.toMatchObject({ code: 'unauthorized' })
    const login = basicLogin('robot', password, 'a test')
    const done = await publishTo({ ...sample, login, mountFrom: ['other'] })
    expect(done.uploadedBytes).toBeGreaterThan(100_000)
    expect(server.seen.at(-1)).toEqual({
      scopes: ['repository:locked:pull,push', 'repository:other:pull'],
      isKnown: true,
    })
    await registry.close()
    await server.close()
  })

  test('TLS by a CA that NODE_EXTRA_CA_CERTS names, through the proxy of HTTPS_PROXY', async () => {
    const host = 'registry.example'
    const certificate = await certificateFor(host, await mkdtemp(join(folder, 'tls-')))
    const registry = await startRegistry({ program, tls: certificate })
    const proxy = await startConnectProxy(Number(registry.host.split(':')[1]))
    const root = await imageOf(place.store, [{ seed: `${program} tls`, sizeBytes: 300_000 }], {
      name: 'tls:v1',
    })
    const script = join(import.meta.dirname, 'publish-process.ts')
    const publish = (environment: NodeJS.ProcessEnv) =>
      run(process.execPath, [script, place.store.root, root.digest, `${host}/secured`], {
        env: { PATH: process.env['PATH'], HOME: folder, HTTPS_PROXY: proxy.url, ...environment },
      })
    await expect(publish({})).rejects.toMatchObject({ stderr: expect.stringMatching(/certificate/) })
    const { stdout } = await publish({ NODE_EXTRA_CA_CERTS: certificate.ca })
    expect(stdout.trim().split('\n').at(-1)).toBe(root.digest)
    expect(new Set(proxy.seen)).toEqual(new Set([`${host}:443`]))
    // A client nobody here wrote finds it behind the same certificate.
    const crane = toolPath('crane')
    const env = { HTTPS_PROXY: proxy.url, SSL_CERT_FILE: certificate.ca, HOME: folder }
    expect((await run(crane, ['digest', `${host}/secured:v1`], { env })).stdout.trim()).toBe(root.digest)
    await proxy.close()
    await registry.close()
  })
}
