import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Attribution } from '../../../images/attribution/attribution.ts'
import type { ProgramName } from '../../tools/catalogue.ts'
import { toolPath } from '../../tools/find.ts'
import { type DebianRegistry, startDebianRegistry } from '../publish/debian-registry.ts'
import { cuttingProxy, makeLayers, sizeOf } from '../size/crafted.ts'

const run = promisify(execFile)
const password = 'sesame-0451'

const insecure = ['--insecure-policy', '--src-tls-verify=false']
let folder: string
let open: DebianRegistry
let locked: DebianRegistry

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-size-'))
  await run('bash', ['-ceu', makeLayers], { cwd: folder })
  open = await startDebianRegistry()
  locked = await startDebianRegistry(password)
  const append = ['append', '-f', 'one.tar', '-f', 'two.tar.gz', '-f', 'three.tar']
  await tool('crane', ...append, '-t', `${open.host}/app/server:1`)
  await forPlatform('linux/arm64', 'arm')
  await forPlatform('linux/amd64', 'amd')
  await tool(
    'crane',
    'append',
    '-b',
    `${open.host}/app/server:amd`,
    '-f',
    'one.tar',
    '-t',
    `${open.host}/app/server:more`,
  )
  await tool(
    'crane',
    'index',
    'append',
    '-m',
    `${open.host}/app/server:amd`,
    '-m',
    `${open.host}/app/server:arm`,
    '-t',
    `${open.host}/app/server:index`,
  )
  await tool(
    'skopeo',
    'copy',
    '--all',
    ...insecure,
    `docker://${open.host}/app/server:amd`,
    `oci:${folder}/layout:first`,
  )
  await tool(
    'skopeo',
    'copy',
    ...insecure,
    `docker://${open.host}/app/server:more`,
    `oci:${folder}/layout:second`,
  )
  await tool(
    'skopeo',
    'copy',
    ...insecure,
    `docker://${open.host}/app/server:amd`,
    `oci-archive:${folder}/oci.tar:first`,
  )
  await tool(
    'skopeo',
    'copy',
    ...insecure,
    `docker://${open.host}/app/server:amd`,
    `docker-archive:${folder}/docker.tar:app/server:1`,
  )
})

afterAll(async () => {
  await Promise.all([open?.close(), locked?.close()])
  await rm(folder, { recursive: true, force: true })
})

function forPlatform(platform: string, tag: string): Promise<string> {
  const image = `${open.host}/app/server`
  return tool('crane', 'mutate', '--set-platform', platform, `${image}:1`, '-t', `${image}:${tag}`)
}

async function tool(name: ProgramName, ...args: string[]): Promise<string> {
  return (await run(toolPath(name), args, { cwd: folder })).stdout
}

/** What `umoci unpack` leaves on a disk, every inode once. */
async function unpacked(tag: string): Promise<{ sizeBytes: number; files: number; paths: string[] }> {
  const bundle = await mkdtemp(join(folder, 'bundle-'))
  await tool('umoci', 'unpack', '--rootless', '--image', `${folder}/layout:${tag}`, `${bundle}/b`)
  const { stdout } = await run('find', [`${bundle}/b/rootfs`, '-type', 'f', '-printf', '%i %s %P\\n'])
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
  const inodes = new Map(lines.map(([inode, size]) => [inode, Number(size)]))
  const sizeBytes = [...inodes.values()].reduce((sum, size) => sum + size, 0)
  return { sizeBytes, files: inodes.size, paths: lines.map(([, , path]) => `/${path}`).sort() }
}

test.each(['first', 'second'])('umoci unpacks as many bytes and files as are counted: %s', async (tag) => {
  const { found } = await sizeOf(`oci:${folder}/layout:${tag}`)
  const disk = await unpacked(tag)
  expect([found.visibleBytes, found.files]).toEqual([disk.sizeBytes, disk.files])
  expect(found.unpackedBytes - found.visibleBytes).toBe(found.shadowed.sizeBytes)
  expect(disk.paths).toEqual(expect.arrayContaining(found.largest.map(({ path }) => path)))
})

test('what is hidden, doubled and open is named', async () => {
  const { found, image } = await sizeOf(`${open.host}/app/server:1`)
  expect(image.digest).toBe((await tool('crane', 'digest', `${open.host}/app/server:1`)).trim())
  expect(found.shadowed.largest).toEqual([
    { path: '/srv/cache/big', sizeBytes: 40_000, layer: 0, byLayer: 1, how: 'removed' },
    { path: '/usr/lib/a.so', sizeBytes: 9000, layer: 0, byLayer: 1, how: 'overwritten' },
    { path: '/opt/app/old', sizeBytes: 6000, layer: 0, byLayer: 2, how: 'removed' },
    { path: '/etc/config', sizeBytes: 5000, layer: 0, byLayer: 2, how: 'overwritten' },
    { path: '/srv/deep/er/small', sizeBytes: 300, layer: 0, byLayer: 1, how: 'removed' },
  ])
  expect(found.facts.setuid).toEqual({ count: 1, paths: ['/opt/app/new'] })
  expect(found.layers.map(({ unpackedBytes }) => unpackedBytes)).toEqual([67_300, 17_020, 11_499])
})

test('the same image gives the same figures from a registry, a layout and archives of both kinds', async () => {
  const references = [
    `${open.host}/app/server:amd`,
    `oci:${folder}/layout:first`,
    join(folder, 'oci.tar'),
    `${join(folder, 'docker.tar')}:app/server:1`,
  ]
  const all = await Promise.all(references.map(async (reference) => (await sizeOf(reference)).found))
  const comparable = ({ layers, storedBytes: _, ...rest }: Attribution) => ({
    ...rest,
    layers: layers.map(({ digest: __, storedBytes: ___, ...layer }) => layer),
  })
  for (const found of all) expect(comparable(found)).toEqual(comparable(all[0] as Attribution))
  const manifest = JSON.parse(await tool('crane', 'manifest', `${open.host}/app/server:amd`))
  const stored = manifest.layers.reduce((sum: number, layer: { size: number }) => sum + layer.size, 0)
  expect(all.map(({ storedBytes }) => storedBytes).slice(0, 3)).toEqual([stored, stored, stored])
})

test('of an index the image of the platform is taken, and one that is missing is told', async () => {
  const arm = await sizeOf(`${open.host}/app/server:index`, { platform: 'linux/arm64' })
  expect(arm.image.platform).toBe('linux/arm64')
  await expect(sizeOf(`${open.host}/app/server:index`, { platform: 'linux/s390x' })).rejects.toMatchObject({
    code: 'no-platform',
    failure: { found: 'it has linux/amd64, linux/arm64' },
  })
})

test('a registry that wants a login gets the one of docker’s file', async () => {
  const reference = `${locked.host}/app/server:1`
  const config = join(folder, 'login')
  await mkdir(config)
  const auth = Buffer.from(`robot:${password}`).toString('base64')
  await writeFile(join(config, 'config.json'), JSON.stringify({ auths: { [locked.host]: { auth } } }))
  const environment = { ...process.env, DOCKER_CONFIG: config }
  await run(toolPath('crane'), ['append', '-f', 'one.tar', '-t', reference], {
    cwd: folder,
    env: environment,
  })
  expect((await sizeOf(reference, { environment: { DOCKER_CONFIG: config } })).found.files).toBe(6)
  await expect(sizeOf(reference, { environment: { HOME: folder } })).rejects.toMatchObject({
    code: 'unauthorized',
    hint: expect.stringContaining('podman login'),
  })
})

test.each([
  ['a tag that is not there', () => `${open.host}/app/server:none`, 'no-image', '404'],
  ['a layout without that tag', () => `oci:${folder}/layout:third`, 'no-image', 'first, second'],
  ['a layout with several images', () => `oci:${folder}/layout`, 'no-image', 'there are 2: first, second'],
  ['a folder that is not there', () => `oci:${folder}/none`, 'no-image', 'is not there'],
  ['a file that is not there', () => `${folder}/none.tar`, 'no-image', 'no such file'],
  ['a tar that is no image', () => `${folder}/one.tar`, 'not-image', 'neither index.json'],
  ['nonsense', () => 'Not A Reference', 'bad-reference', 'no host/name:tag'],
  ['a host that does not answer', () => '127.0.0.1:9/app:1', 'network', 'ECONNREFUSED'],
])('%s is an error for people', async (_, reference, code, found) => {
  await expect(sizeOf(reference())).rejects.toMatchObject({
    code,
    failure: { found: expect.stringContaining(found) },
  })
})

test('an artifact that is no image is refused', async () => {
  const reference = `${open.host}/models/m:1`
  await tool('regctl', 'registry', 'set', '--tls', 'disabled', open.host)
  await tool(
    'regctl',
    'artifact',
    'put',
    '--config-type',
    'application/vnd.cncf.model.config.v1+json',
    '--artifact-type',
    'application/x-model',
    '-f',
    'one.tar',
    reference,
  )
  await expect(sizeOf(reference)).rejects.toMatchObject({ code: 'not-image' })
})

test('a download that breaks goes on where it broke; one that always breaks is an error', async () => {
  const whole = (await sizeOf(`${open.host}/app/server:1`)).found
  const once = await cuttingProxy(open.origin, 3)
  expect((await sizeOf(`${once.host}/app/server:1`)).found).toEqual(whole)
  expect(once.ranges.some((range) => !range.startsWith('bytes=0-'))).toBe(true)
  once.server.close()
  const always = await cuttingProxy(open.origin, Number.POSITIVE_INFINITY)
  await expect(sizeOf(`${always.host}/app/server:1`)).rejects.toMatchObject({ code: 'network' })
  always.server.close()
})

test('a layer whose bytes are not those of its digest is an error, and nothing is left on the disk', async () => {
  const layout = join(folder, 'damaged')
  await tool('skopeo', 'copy', ...insecure, `docker://${open.host}/app/server:1`, `oci:${layout}:x`)
  const blobs = join(layout, 'blobs/sha256')
  const manifest = JSON.parse(
    await readFile(
      join(
        blobs,
        JSON.parse(await readFile(join(layout, 'index.json'), 'utf8')).manifests[0].digest.slice(7),
      ),
      'utf8',
    ),
  )
  const layer = join(blobs, manifest.layers[0].digest.slice(7))
  await writeFile(layer, Buffer.concat([await readFile(layer), Buffer.alloc(10)]))
  await expect(sizeOf(`oci:${layout}:x`)).rejects.toMatchObject({ code: 'broken-layer' })
  const left = (await readdir(tmpdir())).filter((name) => name.startsWith('ingot-size-layers-'))
  expect(left).toEqual([])
})
