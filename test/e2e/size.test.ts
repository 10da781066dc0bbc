import { execFile } from 'node:child_process'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Attribution } from '../../images/attribution/attribution.ts'
import type { Report } from '../../images/report/report.ts'
import { labSettings, registryAddress } from '../../lab/settings.ts'
import { hexOf } from '../../lib/digest.ts'
import { serveStore } from '../../pipelines/registry-server/server.ts'
import { closeStore, openStore } from '../../pipelines/store/open.ts'
import { toolPath } from '../tools/find.ts'
import { demoRecipe, ingot, newWorkplace, type Workplace } from './ingot.ts'
import { podmanPlace } from './podman-place.ts'

const run = promisify(execFile)

let place: Workplace
let report: Report
let base: string

beforeAll(async () => {
  place = await newWorkplace()
  const built = await ingot(['build', demoRecipe, '--no-verify', '--json'], place)
  expect(built.code, built.stderr).toBe(0)
  report = JSON.parse(built.stdout)[0]
  base = await debianImage()
})

afterAll(() => rm(place.folder, { recursive: true, force: true }))

/** An image that is not ours: the lab's, or the one of Docker Hub where there is no lab. */
async function debianImage(): Promise<string> {
  const lab = registryAddress(labSettings())
  const answers = await fetch(`http://${lab}/v2/`).then(
    (answer) => answer.ok,
    () => false,
  )
  return `${answers ? `${lab}/library/` : ''}debian:bookworm-slim`
}

/** `ingot size` as a user with an empty store runs it. */
async function sizeOf(reference: string, ...options: string[]): Promise<Attribution> {
  const environment = { ...place.environment, INGOT_STORE: join(place.folder, 'none') }
  const done = await ingot(['size', reference, '--json', ...options], { ...place, environment })
  expect(done.code, done.stderr).toBe(0)
  const { reference: _, digest: __, platform: ___, ...found } = JSON.parse(done.stdout)
  return found
}

/** What crane makes of all layers and GNU tar of the result: bytes and number of files, every inode once. */
async function onDisk(reference: string): Promise<{ sizeBytes: number; files: number }> {
  const folder = await mkdtemp(join(place.folder, 'tree-'))
  const crane = toolPath('crane')
  await run('bash', [
    '-ceuo',
    'pipefail',
    `'${crane}' export '${reference}' - | tar --extract --directory '${folder}' --no-same-owner`,
  ])
  const { stdout } = await run('find', [folder, '-type', 'f', '-printf', '%i %s\n'], { maxBuffer: 1 << 26 })
  const inodes = new Map(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ') as [string, string]),
  )
  await rm(folder, { recursive: true, force: true })
  return {
    files: inodes.size,
    sizeBytes: [...inodes.values()].reduce((sum, size) => sum + Number(size), 0),
  }
}

test('of our image, crane and GNU tar unpack what the report says, and no byte of it is hidden', async () => {
  const store = await openStore(place.store)
  const registry = await serveStore(store)
  try {
    const disk = await onDisk(`localhost:${registry.port}/ingot@${report.image}`)
    const { visibleBytes, unpackedBytes, files, shadowed, causes } = report.attribution
    expect({ sizeBytes: visibleBytes, files }).toEqual(disk)
    expect(unpackedBytes).toBe(disk.sizeBytes)
    expect(shadowed.sizeBytes).toBe(0)
    expect(causes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBe(disk.sizeBytes)
  } finally {
    await registry.close()
    await closeStore(store)
  }
})

test('the report knows without reading the weights what reading all layers gives', async () => {
  // As a layout in a folder, since what lies in the store is known there.
  const found = await sizeOf(`oci:${place.store}:${report.name}:latest`, '--gpu-code')
  const untitled = ({ layers, ...rest }: Attribution) => ({
    ...rest,
    layers: layers.map(({ title: _, ...layer }) => layer),
  })
  expect(untitled(found)).toEqual(untitled(report.attribution))
})

test('a rebuild reads no weights, and listings of layers are kept', async () => {
  await rm(join(place.store, 'ingot/report'), { recursive: true })
  const counts = join(place.folder, 'io')
  const meter = `import{readFileSync as r,writeFileSync as w}from'node:fs';process.on('exit',()=>w(${JSON.stringify(counts)},r('/proc/self/io')))`
  const metered = {
    ...place,
    environment: {
      ...place.environment,
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(meter)}`,
    },
  }
  const again = await ingot(['build', demoRecipe, '--no-verify', '--json'], metered)
  expect(again.code, again.stderr).toBe(0)
  expect(JSON.parse(again.stdout)[0].attribution).toEqual(report.attribution)
  // All bytes that the process read, its own sources included.
  const readBytes = Number(/^rchar: (\d+)/m.exec(await readFile(counts, 'utf8'))?.[1])
  expect(readBytes).toBeGreaterThan(0)
  expect(readBytes).toBeLessThan(report.sizes.weightsBytes / 2)
})

test('a layer that was changed in the store is told and not counted', async () => {
  const weights = report.layers.filter(({ part }) => part === 'weights')
  const blobs = weights.map(({ digest }) => join(place.store, 'blobs/sha256', hexOf(digest)))
  await Promise.all(blobs.map((path) => flipLastByte(path)))
  try {
    const sized = await ingot(['size', report.name], place)
    expect(sized.code).toBe(1)
    expect(sized.stderr).toContain('is damaged')
  } finally {
    await Promise.all(blobs.map((path) => flipLastByte(path)))
  }
})

async function flipLastByte(path: string): Promise<void> {
  const file = await open(path, 'r+')
  const position = (await file.stat()).size - 1
  const byte = Buffer.alloc(1)
  await file.read(byte, 0, 1, position)
  await file.write(Buffer.from([(byte[0] ?? 0) ^ 0xff]), 0, 1, position)
  await file.close()
}

test('of an image that is not ours, crane and GNU tar unpack what is counted', async () => {
  const found = await sizeOf(base)
  expect({ sizeBytes: found.visibleBytes, files: found.files }).toEqual(await onDisk(base))
  expect(found.facts.shells.paths).toContain('/usr/bin/bash')
  expect(found.facts.packageManagers.paths).toContain('/usr/bin/dpkg')
})

test('what podman saves has the same size as what it pulled', async () => {
  const { podman, close } = await podmanPlace()
  const wanted = await sizeOf(base)
  try {
    await podman('pull', '--quiet', '--tls-verify=false', base)
    for (const format of ['docker-archive', 'oci-archive']) {
      const archive = join(place.folder, `${format}.tar`)
      await podman('save', '--quiet', '--format', format, '--output', archive, base)
      const { causes, largest, duplicates, visibleBytes, files, facts } = await sizeOf(archive)
      expect(wanted).toMatchObject({ causes, largest, duplicates, visibleBytes, files, facts })
    }
  } finally {
    await close()
  }
})
