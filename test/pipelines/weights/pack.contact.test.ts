import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { ollamaStoreEntries } from '../../../images/engines/ollama/store.ts'
import { groupIntoLayers, planWeightLayers } from '../../../images/weights/layers.ts'
import { hexOf } from '../../../lib/digest.ts'
import { blobPath } from '../../../pipelines/store/blobs.ts'
import { fileNameOf } from '../../../pipelines/store/record.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { inventoryWeights } from '../../../pipelines/weights/inventory.ts'
import { packWeights } from '../../../pipelines/weights/pack.ts'
import { scratchFolder, scratchStore } from '../../scratch.ts'
import { contextFor, sampleBytes, sha256 } from './samples.ts'

// Child processes and synced files take their time on a machine that does other work.
vi.setConfig({ testTimeout: 120_000 })

const megabytes = 1e6

/** A folder source with a file of some slots, and its plan. */
async function model(sizeBytes = 7 * megabytes) {
  const folder = await scratchFolder()
  await writeFile(join(folder, 'config.json'), '{}')
  await writeFile(join(folder, 'model.gguf'), sampleBytes(sizeBytes, 'model'))
  const context = contextFor()
  const weights = await inventoryWeights({ type: 'folder', path: folder }, context)
  const layers = planWeightLayers(weights.files, { modelFolder: '/models/m', smallFileBytes: megabytes })
  return {
    folder,
    weights,
    layers,
    pack: (store: Store, more = {}) => packWeights(store, weights, layers, { ...context, ...more }),
  }
}

async function expectSound(store: Store, count: number): Promise<void> {
  const names = await readdir(join(store.root, 'blobs/sha256'))
  expect(names).toHaveLength(count)
  for (const name of names) expect(sha256(await readFile(join(store.root, 'blobs/sha256', name)))).toBe(name)
}

/** Leaves `bytes` as if a run had been killed while it wrote the layer of the large file. */
async function leavePartial(store: Store, key: string, bytes: Uint8Array): Promise<void> {
  await writeFile(join(store.root, 'ingot/partial', fileNameOf(`weights-${key}`)), bytes)
}

test('two stores get the same layers, with the names of their bytes', async () => {
  const { pack, layers } = await model()
  const [one, two] = [await scratchStore(), await scratchStore()]
  const first = await pack(one)
  expect(await pack(two)).toEqual(first)
  expect(first.map((layer) => layer.diffId)).toEqual(first.map((layer) => layer.descriptor.digest))
  expect(first.map((layer) => layer.descriptor.size)).toEqual(layers.map((layer) => layer.sizeBytes))
  await expectSound(one, 3)
})

test('a locked file that has vanished is named, with what to do', async () => {
  const { pack, folder } = await model()
  await rm(join(folder, 'model.gguf'))
  await expect(pack(await scratchStore())).rejects.toMatchObject({
    code: 'not-found',
    message: expect.stringMatching(/model\.gguf: there is no such file/),
    hint: expect.stringContaining('ingot lock'),
  })
})

test('progress reaches the total, and a rebuild starts there', async () => {
  const { pack, layers } = await model()
  const store = await scratchStore()
  const total = layers.reduce((sum, layer) => sum + layer.sizeBytes, 0)
  const seen: [number, number][] = []
  await pack(store, { onProgress: (...bytes: [number, number]) => seen.push(bytes) })
  expect(seen.at(0)).toEqual([0, total])
  expect(seen.at(-1)).toEqual([total, total])
  const again: [number, number][] = []
  await pack(store, { onProgress: (...bytes: [number, number]) => again.push(bytes) })
  expect(again).toEqual([[total, total]])
})

const leftovers: [string, (whole: Buffer) => Uint8Array][] = [
  ['nothing', () => new Uint8Array()],
  ['less than a slot', (whole) => whole.subarray(0, 1_234_567)],
  ['some slots', (whole) => whole.subarray(0, 5_000_001)],
  ['all but the last byte', (whole) => whole.subarray(0, -1)],
  ['all', (whole) => whole],
  ['more than all', (whole) => Buffer.concat([whole, Buffer.alloc(4096)])],
  [
    'zeros at the end, as after a power cut',
    (whole) => Buffer.concat([whole.subarray(0, 2_500_000), Buffer.alloc(3_000_000)]),
  ],
  ['another header', (whole) => Buffer.concat([Buffer.alloc(512, 1), whole.subarray(512, 6_000_000)])],
]

test.each(leftovers)('a run that left %s is completed to the same layer', async (_, cut) => {
  const { pack, layers } = await model()
  const reference = await scratchStore()
  const expected = await pack(reference)
  const digest = expected[2]?.descriptor.digest ?? 'sha256:'
  const whole = await readFile(blobPath(reference, digest))
  const store = await scratchStore()
  await leavePartial(store, layers[2]?.key ?? '', cut(whole))
  expect(await pack(store)).toEqual(expected)
  expect(sha256(await readFile(blobPath(store, digest)))).toBe(hexOf(digest))
  expect(await readdir(join(store.root, 'ingot/partial'))).toEqual([])
})

test('a damaged layer that another layout is packed from is noticed, and the source is read instead', async () => {
  const { weights, pack, layers } = await model()
  const store = await scratchStore()
  const digest = (await pack(store))[2]?.descriptor.digest ?? 'sha256:'
  const bytes = await readFile(blobPath(store, digest))
  bytes[3_000_000] = 1 ^ (bytes[3_000_000] ?? 0)
  await writeFile(blobPath(store, digest), bytes)
  const other = planWeightLayers(weights.files, { modelFolder: '/elsewhere', smallFileBytes: megabytes })
  const [, , layer] = await packWeights(store, weights, other, contextFor())
  expect(layer?.descriptor.size).toBe(layers[2]?.sizeBytes)
  expect(sha256(await readFile(blobPath(store, layer?.descriptor.digest ?? 'sha256:')))).toBe(
    hexOf(layer?.descriptor.digest ?? 'sha256:'),
  )
})

test('six engines of one model store its weights once, in whatever layout', async () => {
  const { weights, pack, layers } = await model()
  const store = await scratchStore()
  for (const _ of ['vllm', 'tgi', 'sglang', 'tensorrt-llm', 'llama-cpp']) await pack(store)
  const [gguf] = weights.files.filter((file) => file.path.endsWith('.gguf'))
  if (!gguf) throw new Error('the model has a GGUF')
  const template = { template: '{{ .Prompt }}', stop: [] }
  const ollama = { name: 'm', gguf, architecture: 'llama', parameterSize: '1M', fileType: 'Q4_1', template }
  const plan = groupIntoLayers(ollamaStoreEntries([ollama], '/models/m'), { smallFileBytes: megabytes })
  await packWeights(store, weights, plan, contextFor())
  const blobs = join(store.root, 'blobs/sha256')
  const sizes = await Promise.all(
    (await readdir(blobs)).map(async (name) => (await stat(join(blobs, name))).size),
  )
  const storedBytes = sizes.reduce((sum, size) => sum + size, 0)
  expect(storedBytes).toBeLessThan(layers.reduce((sum, layer) => sum + layer.sizeBytes, 0) + 20_000)
})

test('a file that changed after it was locked is refused and leaves nothing', async () => {
  const { folder, pack } = await model()
  await writeFile(join(folder, 'model.gguf'), sampleBytes(7 * megabytes, 'other'))
  const store = await scratchStore()
  await expect(pack(store)).rejects.toMatchObject({
    code: 'hash-mismatch',
    message: expect.stringContaining('model.gguf'),
  })
  expect(await readdir(join(store.root, 'ingot/partial'))).toEqual([])
})

test('a file that became shorter is refused', async () => {
  const { folder, pack } = await model()
  await writeFile(join(folder, 'model.gguf'), sampleBytes(1000, 'model'))
  await expect(pack(await scratchStore())).rejects.toMatchObject({ code: 'size-mismatch' })
})

test('stopped by a signal, it keeps what it has and goes on from there', async () => {
  const { pack } = await model()
  const store = await scratchStore()
  const stop = new AbortController()
  const stopped = pack(store, {
    signal: stop.signal,
    onProgress: (done: number) => done > 4 * megabytes && stop.abort(),
  })
  await expect(stopped).rejects.toMatchObject({ name: 'AbortError' })
  expect((await readdir(join(store.root, 'ingot/partial'))).length).toBeGreaterThan(0)
  await pack(store)
  await expectSound(store, 3)
})

test('two packings at once write each layer once', async () => {
  const { pack } = await model()
  const store = await scratchStore()
  const [first, second] = await Promise.all([pack(store), pack(store)])
  expect(first).toEqual(second)
  await expectSound(store, 3)
})

test('large models go through threads', async () => {
  const { pack } = await model(70 * megabytes)
  const store = await scratchStore()
  await pack(store)
  await expectSound(store, 3)
})
