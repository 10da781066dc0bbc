import { execFile } from 'node:child_process'
import { open, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Descriptor, mediaTypes } from '../../images/oci/oci.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import { planWeightLayers } from '../../images/weights/layers.ts'
import type { Digest } from '../../lib/digest.ts'
import { storeWeightsImages } from '../../pipelines/build/weights-images.ts'
import { silentProgress } from '../../pipelines/process/progress.ts'
import { blobPath, readBlob, statBlob } from '../../pipelines/store/blobs.ts'
import { damagesIn } from '../../pipelines/store/damage.ts'
import { collectGarbage } from '../../pipelines/store/garbage.ts'
import { readImageManifest } from '../../pipelines/store/image.ts'
import { setReference } from '../../pipelines/store/reference.ts'
import type { Store } from '../../pipelines/store/store.ts'
import { inventoryWeights } from '../../pipelines/weights/inventory.ts'
import { packWeights } from '../../pipelines/weights/pack.ts'
import { type DebianRegistry, startDebianRegistry } from '../pipelines/publish/debian-registry.ts'
import { publishTo } from '../pipelines/publish/place.ts'
import { contextFor, sampleBytes, sha256 } from '../pipelines/weights/samples.ts'
import { scratchFolder, scratchStore } from '../scratch.ts'
import { toolPath } from '../tools/find.ts'

const run = promisify(execFile)
const gguf = sampleBytes(7_000_000, 'model')
let registry: DebianRegistry

beforeAll(async () => {
  registry = await startDebianRegistry()
})

afterAll(() => registry.close())

/** A store with the images of the weights of a small model, as a build with `modelPack: raw` makes them. */
async function built(): Promise<{ store: Store; pack: Descriptor; weights: Descriptor }> {
  const store = await scratchStore()
  const folder = await scratchFolder()
  await writeFile(join(folder, 'config.json'), '{"a": 1}')
  await writeFile(join(folder, 'model.gguf'), gguf)
  const context = contextFor()
  const locked = await inventoryWeights({ type: 'folder', path: folder }, context)
  const layers = planWeightLayers(locked.files, { modelFolder: '/models/m', smallFileBytes: 1e6 })
  const stored = await packWeights(store, locked, layers, context)
  const weights = { delivery: 'artifact', modelFolder: '/models/m', modelPack: 'raw', layers }
  // What is read of a plan here.
  const plan = { name: 'm', model: 'm', platform: 'linux/amd64', weights } as unknown as ImagePlan
  const engine = () => Promise.reject(new Error('no engine is needed for weights'))
  const { names } = await storeWeightsImages(plan, locked, stored, {
    store,
    progress: silentProgress,
    engine,
  })
  for (const { name, image } of names) await setReference(store, name, await descriptorOf(store, image))
  const imageOf = (wanted: string) => {
    const found = names.find(({ name }) => name === `m-${wanted}:latest`)
    if (found === undefined) throw new Error(`m-${wanted} was not made`)
    return descriptorOf(store, found.image)
  }
  return { store, pack: await imageOf('modelpack'), weights: await imageOf('weights') }
}

async function descriptorOf(store: Store, digest: Digest): Promise<Descriptor> {
  return { mediaType: mediaTypes.manifest, digest, size: (await statBlob(store, digest)) ?? 0 }
}

async function bytesOf(
  store: Store,
  digest: Digest,
  range?: { start: number; end: number },
): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of readBlob(store, digest, range)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const modelDigest: Digest = `sha256:${sha256(gguf)}`

test('its layers are the files, which lie on the disk once', async () => {
  const { store, pack } = await built()
  const { layers } = await readImageManifest(store, pack.digest)
  expect(layers.map(({ mediaType, size }) => [mediaType.split('.').slice(-4).join('.'), size])).toEqual([
    ['weight.config.v1.raw', 8],
    ['model.weight.v1.raw', gguf.length],
  ])
  expect(layers[1]?.digest).toBe(modelDigest)
  expect(await statBlob(store, modelDigest)).toBe(gguf.length)
  expect(await bytesOf(store, modelDigest)).toEqual(gguf)
  expect(await bytesOf(store, modelDigest, { start: 10, end: 2_000_000 })).toEqual(
    gguf.subarray(10, 2_000_000),
  )
  const names = await readdir(join(store.root, 'blobs/sha256'))
  const sizes = await Promise.all(
    names.map(async (name) => (await stat(join(store.root, 'blobs/sha256', name))).size),
  )
  expect(sizes.filter((size) => size >= gguf.length)).toHaveLength(1)
})

test('oras takes the files out of a registry, whole and in chunks', async () => {
  const { store, pack } = await built()
  for (const chunkBytes of [undefined, 1_000_000]) {
    const to = `${registry.host}/raw-${chunkBytes ?? 'whole'}`
    await publishTo({ store, root: pack, tags: ['v1'], to, ...(chunkBytes && { chunkBytes }) })
    const out = join(await scratchFolder(), 'model.gguf')
    await run(toolPath('oras'), ['blob', 'fetch', '--plain-http', '--output', out, `${to}@${modelDigest}`])
    expect(sha256(await readFile(out))).toBe(sha256(gguf))
  }
})

test('a byte that changed in the layer is damage of the file', async () => {
  const { store, pack, weights } = await built()
  expect(await damagesIn(store, [pack.digest], { by: 'hash' })).toEqual([])
  const { layers } = await readImageManifest(store, weights.digest)
  const layer = layers.find(({ size }) => size > gguf.length)
  if (layer === undefined) throw new Error('the model has a layer')
  const file = await open(blobPath(store, layer.digest), 'r+')
  await file.write(Buffer.from('x'), 0, 1, 4096)
  await file.close()
  expect(await damagesIn(store, [pack.digest], { by: 'stamp' })).toMatchObject([
    { type: 'corrupt', digest: layer.digest },
  ])
  await expect(bytesOf(store, modelDigest)).rejects.toMatchObject({ code: 'corrupt-blob' })
})

test('a name of the ModelPack keeps the layers, and without one all goes', async () => {
  const { store, pack, weights } = await built()
  await collectGarbage(store, { drop: ({ name }) => name === 'm-weights:latest', recordsForMs: 0 })
  expect(await statBlob(store, weights.digest)).toBeUndefined()
  expect(await bytesOf(store, modelDigest)).toEqual(gguf)
  await collectGarbage(store, { drop: () => true, recordsForMs: 0 })
  expect(await statBlob(store, modelDigest)).toBeUndefined()
  expect(await statBlob(store, pack.digest)).toBeUndefined()
  expect(await readdir(join(store.root, 'ingot/slice'))).toEqual([])
})
