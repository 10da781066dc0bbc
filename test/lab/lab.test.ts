import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { debianArguments } from '../../lab/base-images.ts'
import { engineConfig, engineEnvironment } from '../../lab/engine.ts'
import { engineKey } from '../../lab/engine-build.ts'
import { labEnvironment } from '../../lab/environment.ts'
import { removalOf } from '../../lab/network.ts'
import { rootfsArguments, rootfsKey } from '../../lab/rootfs.ts'
import { findRuntime, type Machine, needsLab } from '../../lab/runtime.ts'
import { labSettings } from '../../lab/settings.ts'

const home = { HOME: '/home/ada' }

describe('findRuntime', () => {
  const engine = 'registry.dagger.io/engine:v0.21.8'

  function machine(answering: readonly string[], images: readonly string[] = [], online = false): Machine {
    return {
      hasLab: async ({ dir }) => dir === '/up',
      answers: async (command) => answering.includes(command),
      hasImage: async (command, image) => images.includes(`${command} ${image}`),
      reaches: async () => online,
    }
  }

  test.each([
    ['nothing answers', {}, machine([]), 'none'],
    ['Docker online', {}, machine(['docker'], [], true), 'docker'],
    ['Podman online', {}, machine(['podman'], [], true), 'podman'],
    ['both online', {}, machine(['docker', 'podman'], [], true), 'docker'],
    ['Docker offline without the image', {}, machine(['docker']), 'none'],
    ['Docker offline with the image', {}, machine(['docker'], [`docker ${engine}`]), 'docker'],
    ['both offline, Podman has the image', {}, machine(['docker', 'podman'], [`podman ${engine}`]), 'podman'],
    ['forced', { INGOT_LAB: '1' }, machine(['docker'], [], true), 'forced'],
    ['an engine elsewhere', { _EXPERIMENTAL_DAGGER_RUNNER_HOST: 'tcp://x:1' }, machine([]), 'configured'],
    ['our own engine', labEnvironment(home), machine([]), 'none'],
    ['the lab is up', { INGOT_LAB_DIR: '/up' }, machine(['docker'], [], true), 'lab'],
  ] as const)('%s', async (_, env, asked, kind) => {
    const runtime = await findRuntime({ ...home, ...env }, asked)
    expect(runtime.kind).toBe(kind)
    expect(needsLab(runtime)).toBe(['lab', 'none', 'forced'].includes(kind))
  })
})

describe('labSettings', () => {
  test.each([
    [{}, '/home/ada/.cache/ingot-lab'],
    [{ XDG_CACHE_HOME: '/cache' }, '/cache/ingot-lab'],
    [{ XDG_CACHE_HOME: '/cache', INGOT_LAB_DIR: '/lab' }, '/lab'],
  ])('%j keeps its state in %s', (env, dir) => {
    expect(labSettings({ ...home, ...env }).dir).toBe(dir)
  })

  it('gives each directory a network of its own', () => {
    const [one, two] = [labSettings({ INGOT_LAB_DIR: '/one' }), labSettings({ INGOT_LAB_DIR: '/two' })]
    expect(one.networkName).not.toBe(two.networkName)
    expect(`${one.networkName}0`.length).toBeLessThanOrEqual(15)
    expect(one.networkCidr).toMatch(/^10\.\d+\.0\.0\/16$/)
  })

  test.each([
    [{ INGOT_LAB_DIR: `/${'x'.repeat(100)}` }],
    [{ INGOT_LAB_DIR: '/a:b' }],
    [{ INGOT_LAB_REGISTRY_PORT: '0' }],
    [{ INGOT_LAB_REGISTRY_PORT: 'http' }],
  ])('refuses %j', (env) => {
    expect(() => labSettings({ ...home, ...env })).toThrow(expect.objectContaining({ code: 'bad-setting' }))
  })
})

test('labEnvironment names the socket and the command line of the engine', () => {
  expect(labEnvironment({ INGOT_LAB_DIR: '/lab' })).toEqual({
    _EXPERIMENTAL_DAGGER_RUNNER_HOST: 'unix:///lab/run/engine.sock',
    _EXPERIMENTAL_DAGGER_CLI_BIN: '/lab/bin/dagger',
    INGOT_LOCKS: '/lab/locks',
    DAGGER_NO_NAG: '1',
    DO_NOT_TRACK: '1',
  })
})

test('the engine gets proxies and nothing else of the environment', () => {
  const env = { https_proxy: 'http://proxy:3128', SECRET: 'x', SSL_CERT_FILE: '/x', HTTP_PROXY: '' }
  expect(Object.keys(engineEnvironment(env)).sort()).toEqual(['HOME', 'PATH', 'https_proxy'])
})

test('the engine reads docker.io from the lab and keeps its cache by size', () => {
  const config = engineConfig(labSettings({ ...home, INGOT_LAB_REGISTRY_PORT: '5999' }))
  expect(config.registries['docker.io']).toEqual({ mirrors: ['127.0.0.1:5999'] })
  expect(config.registries['127.0.0.1:5999']).toEqual({ http: true })
  expect(config.gc.policies).toHaveLength(1)
})

describe('state keys', () => {
  it('the engine key follows names and contents of the module', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'lab-'))
    await writeFile(join(dir, 'go.mod'), 'one')
    const first = await engineKey(dir)
    expect(await engineKey(dir)).toBe(first)
    await writeFile(join(dir, 'go.mod'), 'two')
    const second = await engineKey(dir)
    await writeFile(join(dir, 'more.go'), '')
    expect(new Set([first, second, await engineKey(dir)]).size).toBe(3)
    await rm(dir, { recursive: true })
  })

  it('images and root file system name no machine', () => {
    const all = [...rootfsArguments(), ...debianArguments('bookworm'), ...debianArguments('forky')]
    expect(all.filter((argument) => /https?:/.test(argument))).toEqual([])
    expect(rootfsKey()).toMatch(/^[0-9a-f]{12}$/)
  })
})

describe('removalOf', () => {
  const settings = { dir: '/lab', registryPort: 1, networkName: 'ingotabcd', networkCidr: '10.88.0.0/16' }
  const chain = 'CNI-0123456789abcdef01234567'
  const comment = '-m comment --comment "name: \\"ingotabcd\\" id: \\"x\\""'
  const nat = [
    '*nat',
    ':POSTROUTING ACCEPT [0:0]',
    `:${chain} - [0:0]`,
    `-A POSTROUTING -s 10.88.0.2/32 ${comment} -j ${chain}`,
    '-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
    `-A ${chain} -d 10.88.0.0/16 ${comment} -j ACCEPT`,
    'COMMIT',
  ]
  const filter = (...extra: string[]) => [
    '*filter',
    ':FORWARD ACCEPT [0:0]',
    ':CNI-ADMIN - [0:0]',
    ':CNI-FORWARD - [0:0]',
    '-A FORWARD -m comment --comment "CNI firewall plugin rules" -j CNI-FORWARD',
    '-A CNI-FORWARD -m comment --comment "CNI firewall plugin admin overrides" -j CNI-ADMIN',
    '-A CNI-FORWARD -s 10.88.0.2/32 -j ACCEPT',
    ...extra,
    'COMMIT',
  ]

  it('removes our rules and chains, and the shared ones when nobody else has any', () => {
    expect(removalOf([...nat, ...filter(), ''].join('\n'), settings).split('\n')).toEqual([
      '*nat',
      `-D POSTROUTING -s 10.88.0.2/32 ${comment} -j ${chain}`,
      `-D ${chain} -d 10.88.0.0/16 ${comment} -j ACCEPT`,
      `-X ${chain}`,
      'COMMIT',
      '*filter',
      '-D CNI-FORWARD -s 10.88.0.2/32 -j ACCEPT',
      '-D FORWARD -m comment --comment "CNI firewall plugin rules" -j CNI-FORWARD',
      '-D CNI-FORWARD -m comment --comment "CNI firewall plugin admin overrides" -j CNI-ADMIN',
      '-X CNI-FORWARD',
      '-X CNI-ADMIN',
      'COMMIT',
      '',
    ])
  })

  it('leaves the shared chains to another network', () => {
    const saved = filter('-A CNI-FORWARD -s 10.99.0.2/32 -j ACCEPT').join('\n')
    expect(removalOf(saved, settings)).toBe('*filter\n-D CNI-FORWARD -s 10.88.0.2/32 -j ACCEPT\nCOMMIT\n')
  })

  it('touches nothing of others', () => {
    expect(removalOf(nat.join('\n'), { ...settings, networkName: 'other', networkCidr: '10.9.0.0/16' })).toBe(
      '',
    )
  })
})
