import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, readdir, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BundledImage, blobFilePath, siteReference } from '../../../images/oci/bundle.ts'
import type { Descriptor } from '../../../images/oci/oci.ts'
import { type BundleRequest, type BundleSummary, writeBundle } from '../../../pipelines/bundle/bundle.ts'
import { blobEntry, textEntry } from '../../../pipelines/bundle/contents.ts'
import { readEarlier } from '../../../pipelines/bundle/earlier.ts'
import { blobPath } from '../../../pipelines/store/blobs.ts'
import { reachableBlobs } from '../../../pipelines/store/closure.ts'
import { readImageManifest } from '../../../pipelines/store/image.ts'
import { closeStore, openStore } from '../../../pipelines/store/open.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { flipBit } from '../publish/files.ts'
import { imageOf } from '../publish/images.ts'
import { bytesIn, script } from './script.ts'

const run = promisify(execFile)
const quiet = { step: () => undefined, bytes: () => undefined, end: () => undefined }
let folder: string
let store: Store
let first: Descriptor
let second: Descriptor

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-bundle-'))
  store = await openStore(join(folder, 'store'))
  const weights = { seed: 'weights', sizeBytes: 3_000_000 }
  first = await imageOf(store, [weights, { seed: 'engine 1', sizeBytes: 200_001 }])
  second = await imageOf(store, [weights, { seed: 'engine 2', sizeBytes: 100_000 }])
})

afterAll(async () => {
  await closeStore(store)
  await rm(folder, { recursive: true, force: true })
})

let count = 0

async function bundle(
  image: Descriptor,
  options: Partial<BundleRequest> = {},
): Promise<{ path: string; done: BundleSummary }> {
  const path = join(folder, `bundle-${count++}`)
  const { config, layers } = await readImageManifest(store, image.digest)
  const bundled: BundledImage = {
    reference: siteReference('demo', image.digest),
    descriptor: image,
    config: config.digest,
    layers: layers.map(({ digest }) => digest),
  }
  const blobs = [image, ...(await reachableBlobs(store, image)).blobs]
  const done = await writeBundle({
    folder: path,
    images: [bundled],
    blobs: blobs.map(({ digest, size }) => blobEntry(store, digest, size)),
    documents: [textEntry('report/demo.json', '{}\n')],
    progress: quiet,
    ...options,
  })
  return { path, done }
}

test('a folder: verify.sh prints its seal, sha256sum agrees', async () => {
  const { path, done } = await bundle(first)
  const told = await script(join(path, 'verify.sh'))
  expect(told).toMatchObject({ code: 0, stdout: `bundle ${done.seal} is whole\n` })
  await run('sha256sum', ['--check', '--quiet', '--strict', 'SHA256SUMS'], { cwd: path })
})

test('the same image gives the same bytes, whole and in parts', async () => {
  const [a, b] = [await bundle(first), await bundle(first)]
  expect(await bytesIn(a.path)).toEqual(await bytesIn(b.path))
  const [c, d] = [await bundle(first, { partBytes: 500_000 }), await bundle(first, { partBytes: 500_000 })]
  expect(await bytesIn(c.path)).toEqual(await bytesIn(d.path))
  expect(c.done.parts).toBe(7)
})

test('parts are put together to what the folder is', async () => {
  const whole = await bundle(first)
  for (const partBytes of [300_000, 1_048_576, 50_000_000]) {
    const { path } = await bundle(first, { partBytes })
    const unpacked = join(folder, `unpacked-${partBytes}`)
    expect(await script(join(path, 'load.sh'), '--unpack', unpacked)).toMatchObject({ code: 0 })
    expect(await bytesIn(unpacked)).toEqual(await bytesIn(whole.path))
  }
})

describe('damage is named', () => {
  test('a flipped bit in any file', async () => {
    const { path } = await bundle(first)
    for (const name of Object.keys(await bytesIn(path)).filter(
      (item) => item !== 'SHA256SUMS' && item !== 'verify.sh',
    )) {
      await flipBit(join(path, name), 1)
      const told = await script(join(path, 'verify.sh'))
      expect(told.code, name).toBe(1)
      expect(told.stderr).toContain(`${name} is damaged`)
      await flipBit(join(path, name), 1)
    }
    expect((await script(join(path, 'verify.sh'))).code).toBe(0)
  })

  test('a flipped bit, a missing part, swapped parts, a part too many', async () => {
    const { path } = await bundle(first, { partBytes: 500_000 })
    const [two, four] = [join(path, 'bundle.tar.0002'), join(path, 'bundle.tar.0004')]
    const verify = join(path, 'verify.sh')
    await flipBit(four, 499_999)
    expect((await script(verify)).stderr).toContain('bundle.tar.0004 is damaged')
    await flipBit(four, 499_999)

    await rename(two, `${path}.kept`)
    expect(await script(verify)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('bundle.tar.0002 is missing'),
    })
    await copyFile(four, two)
    await rename(`${path}.kept`, four)
    const swapped = (await script(verify)).stderr
    expect(swapped).toContain('bundle.tar.0002 holds the bytes of bundle.tar.0004')
    expect(swapped).toContain('bundle.tar.0004 holds the bytes of bundle.tar.0002')
    await copyFile(two, join(path, 'bundle.tar.0099'))
    expect((await script(verify)).stderr).toContain('bundle.tar.0099 is no part')
    const refused = await script(join(path, 'load.sh'), '--unpack', `${path}-never`)
    expect(refused.code).not.toBe(0)
    expect(await readdir(folder)).not.toContain(`${path}-never`.slice(folder.length + 1))
  })
})

describe('only what changed', () => {
  test('the weights stay out, and together both are the whole', async () => {
    const before = await bundle(first)
    const whole = await bundle(second)
    const { path, done } = await bundle(second, { earlier: await readEarlier(before.path) })
    expect(done.takenBytes).toBe(3_000_000)
    expect(done.sizeBytes).toBeLessThan(150_000)
    expect(await script(join(path, 'verify.sh'), '--with', before.path)).toMatchObject({ code: 0 })
    const unpacked = join(folder, 'merged')
    const told = await script(join(path, 'load.sh'), '--with', before.path, '--unpack', unpacked)
    expect(told).toMatchObject({ code: 0 })
    expect(await bytesIn(unpacked)).toEqual(await bytesIn(whole.path))
  })

  test('in parts, after an earlier one in parts, of which only the sums were kept', async () => {
    const before = await bundle(first, { partBytes: 500_000 })
    const kept = join(folder, 'kept-sums')
    await copyFile(join(before.path, 'SHA256SUMS.whole'), kept)
    const { path } = await bundle(second, { earlier: await readEarlier(kept), partBytes: 40_000 })
    const site = join(folder, 'site-1')
    await script(join(before.path, 'load.sh'), '--unpack', site)
    const told = await script(join(path, 'load.sh'), '--with', site, '--unpack', join(folder, 'site-2'))
    expect(told, told.stderr).toMatchObject({ code: 0 })
    expect(await bytesIn(join(folder, 'site-2'))).toEqual(await bytesIn((await bundle(second)).path))
  })

  test('nothing changed: what is left is the list of what to take', async () => {
    const before = await bundle(first)
    const { path, done } = await bundle(first, { earlier: await readEarlier(before.path) })
    expect(done.takenBytes).toBeGreaterThan(3_200_000)
    const unpacked = join(folder, 'unchanged')
    const told = await script(join(path, 'load.sh'), '--with', before.path, '--unpack', unpacked)
    expect(told, told.stderr).toMatchObject({ code: 0 })
    expect(await bytesIn(unpacked)).toEqual(await bytesIn(before.path))
  })

  test('without the earlier one, with another one, with a damaged one', async () => {
    const before = await bundle(first)
    const other = await bundle(second)
    const { path } = await bundle(second, { earlier: await readEarlier(before.path) })
    const verify = join(path, 'verify.sh')
    expect((await script(verify)).stderr).toContain('name the earlier one with --with')
    expect((await script(verify, '--with', other.path)).stderr).toContain(
      'is not the bundle this one builds on',
    )
    const { layers } = await readImageManifest(store, first.digest)
    const weights = layers[0]?.digest ?? first.digest
    await flipBit(join(before.path, blobFilePath(weights)), 1_000_000)
    expect((await script(verify, '--with', before.path)).stderr).toContain(
      `${blobFilePath(weights)} is damaged`,
    )
    await unlink(join(before.path, blobFilePath(weights)))
    expect((await script(verify, '--with', before.path)).stderr).toContain(
      `${blobFilePath(weights)} is missing`,
    )
  })

  test.each([
    ['nowhere', 'nowhere'],
    ['a file of something else', 'other.txt'],
  ])('an earlier bundle that is none: %s', async (_, name) => {
    await writeFile(join(folder, 'other.txt'), 'hello\n')
    await expect(readEarlier(join(folder, name))).rejects.toMatchObject({ code: 'bad-earlier' })
  })
})

describe('nothing half made', () => {
  test('a folder that holds something is refused and kept', async () => {
    const { path } = await bundle(first)
    const again = writeBundle({ folder: path, images: [], blobs: [], documents: [], progress: quiet })
    await expect(again).rejects.toMatchObject({ code: 'target-exists' })
    expect((await script(join(path, 'verify.sh'))).code).toBe(0)
  })

  test('a blob that is damaged in the store ends it, and no folder is left', async () => {
    const image = await imageOf(store, [{ seed: 'damaged', sizeBytes: 5_000 }])
    const { layers } = await readImageManifest(store, image.digest)
    await flipBit(blobPath(store, layers[0]?.digest ?? image.digest), 100)
    await expect(bundle(image)).rejects.toMatchObject({ code: 'corrupt-blob' })
    const left = (await readdir(folder)).filter(
      (name) => name === `bundle-${count - 1}` || name.endsWith('.part'),
    )
    expect(left).toEqual([])
  })
})

test('the scripts say how they are used', async () => {
  const { path } = await bundle(first)
  for (const args of [['--what'], ['--with']])
    expect((await script(join(path, 'verify.sh'), ...args)).code).toBe(2)
  const told = await script(join(path, 'load.sh'), '--what')
  expect(told).toMatchObject({ code: 2, stderr: expect.stringContaining('load.sh --to HOST/PATH') })
  expect(await readFile(join(path, 'README.txt'), 'utf8')).toContain(first.digest)
})

test.each(['verify.sh', 'load.sh'])('%s --help is no mistake', async (name) => {
  const { path } = await bundle(first)
  const told = await script(join(path, name), '--help')
  expect(told).toMatchObject({ code: 0, stdout: expect.stringContaining(`${name} [--`), stderr: '' })
})
