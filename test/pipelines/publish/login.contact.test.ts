import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { messageOf } from '../../../lib/error.ts'
import { parseChallenge } from '../../../pipelines/network/challenge.ts'
import { findLogin } from '../../../pipelines/network/login.ts'
import { readSettings } from '../../../pipelines/settings/settings.ts'
import { openFaultProxy } from './fault-proxy.ts'
import { imageOf, inspectTag } from './images.ts'
import { openPlace, type Place, publishTo } from './place.ts'

const password = 'sesame-0451'
const basic = Buffer.from(`robot:${password}`).toString('base64')
let place: Place
let folder: string

beforeAll(async () => {
  place = await openPlace()
  folder = await mkdtemp(join(tmpdir(), 'ingot-login-'))
  await mkdir(join(folder, 'bin'))
  await helper('good', `read server; echo '{"ServerURL":"x","Username":"robot","Secret":"${password}"}'`)
  await helper('identity', `echo '{"Username":"<token>","Secret":"${password}"}'`)
  await helper('empty', 'echo "credentials not found in native keychain"; exit 1')
})

afterAll(async () => {
  await place.close()
  await rm(folder, { recursive: true, force: true })
})

async function helper(name: string, script: string): Promise<void> {
  const path = join(folder, 'bin', `docker-credential-${name}`)
  await writeFile(path, `#!/bin/sh\n${script}\n`)
  await chmod(path, 0o755)
}

/** An environment whose login file says this; nothing of the machine's own logins is seen. */
async function environmentWith(config: object | string): Promise<NodeJS.ProcessEnv> {
  const home = await mkdtemp(join(folder, 'home-'))
  await mkdir(join(home, '.docker'))
  const text = typeof config === 'string' ? config : JSON.stringify(config)
  await writeFile(join(home, '.docker/config.json'), text)
  return { HOME: home, PATH: `${join(folder, 'bin')}:/usr/bin:/bin` }
}

describe('logins in Docker’s files', () => {
  const host = 'registry.example:5000'
  test.each([
    ['auth of the host', { auths: { [host]: { auth: basic } } }, { type: 'basic', secret: basic }],
    [
      'auth under an address',
      { auths: { [`https://${host}/v1/`]: { auth: basic } } },
      { type: 'basic', secret: basic },
    ],
    [
      'user and password',
      { auths: { [host]: { username: 'robot', password } } },
      { type: 'basic', secret: basic },
    ],
    [
      'identity token',
      { auths: { [host]: { auth: basic, identitytoken: 'id' } } },
      { type: 'identity', secret: 'id' },
    ],
    ['helper of the host', { credHelpers: { [host]: 'good' } }, { type: 'basic', secret: basic }],
    [
      'helper that gives a token',
      { credHelpers: { [host]: 'identity' } },
      { type: 'identity', secret: password },
    ],
    ['store of all hosts, without an entry', { credsStore: 'good' }, { type: 'basic', secret: basic }],
    [
      'store without this host, then the file',
      { credsStore: 'empty', auths: { [host]: { auth: basic } } },
      { type: 'basic', secret: basic },
    ],
    ['another host', { auths: { 'other.example': { auth: basic } } }, undefined],
    ['a logout', { auths: { [host]: {} } }, undefined],
  ])('%s', async (_, config, expected) => {
    const login = await findLogin(host, readSettings(await environmentWith(config)))
    if (expected === undefined) expect(login).toBeUndefined()
    else expect({ type: login?.type, secret: login?.reveal() }).toEqual(expected)
  })

  test('Docker Hub under its old address', async () => {
    const environment = await environmentWith({ auths: { 'https://index.docker.io/v1/': { auth: basic } } })
    expect((await findLogin('registry-1.docker.io', readSettings(environment)))?.reveal()).toBe(basic)
  })

  test.each([
    ['a broken file', `{"auths": {"${host}": {"auth": "${basic}"`],
    ['a helper that fails', { credHelpers: { [host]: 'empty' } }],
    ['a helper that is missing', { credHelpers: { [host]: 'nowhere' } }],
  ])('%s is told, without the secret', async (_, config) => {
    const failure = await findLogin(host, readSettings(await environmentWith(config))).catch(
      (error: unknown) => error,
    )
    expect(failure).toMatchObject({ code: 'unauthorized' })
    expect(messageOf(failure)).not.toContain(basic.slice(0, 8))
  })
})

describe('challenges', () => {
  test.each([
    ['Basic realm="x"', { type: 'basic' }],
    [
      'Bearer realm="https://a/t",service="s",scope="repository:x:pull,push"',
      { type: 'bearer', realm: 'https://a/t', service: 's', scope: 'repository:x:pull,push' },
    ],
    ['bearer Realm=https://a/t , service=s', { type: 'bearer', realm: 'https://a/t', service: 's' }],
    ['Basic realm="x", Bearer realm="https://a/t"', { type: 'bearer', realm: 'https://a/t' }],
    ['Bearer realm="not an address"', { type: 'unknown' }],
    ['Negotiate', { type: 'unknown' }],
    ['', { type: 'unknown' }],
  ])('%s', (header, expected) => {
    expect(parseChallenge(header)).toEqual(expected)
  })
})

describe('against a registry that asks', () => {
  test.each([
    ['a password', { type: 'basic', password } as const, 'good'],
    ['tokens', { type: 'bearer', password, usesOfToken: 1000 } as const, 'good'],
    ['tokens that end after a few requests', { type: 'bearer', password, usesOfToken: 5 } as const, 'good'],
    [
      'tokens that are over at once',
      { type: 'bearer', password, usesOfToken: 1000, expiresIn: 0 } as const,
      'good',
    ],
    ['tokens for an identity', { type: 'bearer', password, usesOfToken: 1000 } as const, 'identity'],
  ])('%s', async (name, login, helperName) => {
    const root = await imageOf(place.store, [
      { seed: name, sizeBytes: 90_000 },
      { seed: `${name} 2`, sizeBytes: 5_000 },
    ])
    const proxy = await openFaultProxy({ upstream: place.registry.url, login })
    const environment = await environmentWith({ credHelpers: { [proxy.host]: helperName } })
    const repository = `login/${name.replaceAll(' ', '-')}`
    await publishTo({
      store: place.store,
      root,
      tags: ['v1'],
      to: `${proxy.host}/${repository}`,
      environment,
    })
    expect((await inspectTag(place.registry.url, repository, 'v1')).digest).toBe(root.digest)
    const paths = proxy.seen.map(({ path }) => path).join('\n')
    expect(paths).not.toContain(password)
    if (login.type === 'bearer')
      expect(proxy.tokenRequests[0]?.getAll('scope').join(' ')).toBe(`repository:${repository}:pull,push`)
    await proxy.close()
  })

  test.each([
    ['no login', {}, 'none is known'],
    ['a wrong password', { auths: true }, 'is refused'],
  ])('%s ends at once with what to do', async (_, config, words) => {
    const root = await imageOf(place.store, [{ seed: 'refused', sizeBytes: 100 }])
    const proxy = await openFaultProxy({
      upstream: place.registry.url,
      login: { type: 'bearer', password, usesOfToken: 9 },
    })
    const auths = { [proxy.host]: { auth: Buffer.from('robot:wrong').toString('base64') } }
    const environment = await environmentWith('auths' in config ? { auths } : {})
    const done = publishTo({
      store: place.store,
      root,
      tags: ['v1'],
      to: `${proxy.host}/refused`,
      environment,
    })
    await expect(done).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining(words),
    })
    expect(proxy.seen.length).toBeLessThan(6)
    await proxy.close()
  })
})
