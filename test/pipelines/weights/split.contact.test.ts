import { execFileSync } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gguf } from '@huggingface/gguf'
import { expect, test, vi } from 'vitest'
import { planWeightLayers } from '../../../images/weights/layers.ts'
import { blobPath } from '../../../pipelines/store/blobs.ts'
import { fileNameOf } from '../../../pipelines/store/record.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { inventoryWeights } from '../../../pipelines/weights/inventory.ts'
import { packWeights } from '../../../pipelines/weights/pack.ts'
import { splitLargeFiles } from '../../../pipelines/weights/split.ts'
import { deployedFiles, lockedWeightsSchema } from '../../../recipes/locked-weights.ts'
import { scratchFolder, scratchStore } from '../../scratch.ts'
import { contextFor, safetensorsOf, sampleBytes, sha256 } from './samples.ts'

// Child processes and synced files take their time on a machine that does other work.
vi.setConfig({ testTimeout: 120_000 })

const context = contextFor()
const maxLayerBytes = 3_000_000

/** A GGUF of version 3 with keys of several types and eight tensors of f32, as llama.cpp writes them. */
function makeGguf(): Buffer {
  const text = (value: string) => Buffer.concat([number(value.length, 8), Buffer.from(value)])
  const number = (value: number, sizeBytes: 2 | 4 | 8) => {
    const bytes = Buffer.alloc(sizeBytes)
    bytes.writeUIntLE(value, 0, Math.min(sizeBytes, 6))
    return bytes
  }
  const keys = [
    Buffer.concat([text('general.architecture'), number(8, 4), text('llama')]),
    Buffer.concat([
      text('tokenizer.ggml.tokens'),
      number(9, 4),
      number(8, 4),
      number(3, 8),
      text('a'),
      text('bc'),
      text(''),
    ]),
    Buffer.concat([text('llama.context_length'), number(4, 4), number(2048, 4)]),
    Buffer.concat([text('some.floats'), number(9, 4), number(6, 4), number(2, 8), Buffer.alloc(8)]),
  ]
  const elements = 250_008
  const infos = Array.from({ length: 8 }, (_, i) =>
    Buffer.concat([
      text(`blk.${i}.weight`),
      number(1, 4),
      number(elements, 8),
      number(0, 4),
      number(i * elements * 4, 8),
    ]),
  )
  const head = Buffer.concat([
    Buffer.from('GGUF'),
    number(3, 4),
    number(8, 8),
    number(keys.length, 8),
    ...keys,
    ...infos,
  ])
  const padded = Buffer.concat([head, Buffer.alloc((32 - (head.length % 32)) % 32)])
  return Buffer.concat([padded, sampleBytes(8 * elements * 4, 'gguf')])
}

async function locked(name: string, bytes: Buffer, more: Record<string, string> = {}) {
  const folder = await scratchFolder()
  await writeFile(join(folder, name), bytes)
  for (const [path, text] of Object.entries(more)) await writeFile(join(folder, path), text)
  const whole = await inventoryWeights({ type: 'folder', path: folder }, context)
  const weights = await splitLargeFiles(whole, maxLayerBytes, context)
  const plan = () =>
    planWeightLayers(weights.files, { modelFolder: '/models/m', smallFileBytes: 1e6, maxLayerBytes })
  return { folder, whole, weights, plan }
}

/** Unpacks the layers of a store as a container would. */
async function unpacked(store: Store, digests: readonly `sha256:${string}`[]): Promise<string> {
  const target = await scratchFolder()
  for (const digest of digests) execFileSync('tar', ['-xf', blobPath(store, digest), '-C', target])
  return join(target, 'models/m')
}

test('a GGUF becomes parts that another reader understands, with the same tensors and keys', async () => {
  const original = makeGguf()
  const { folder, whole, weights, plan } = await locked('model.gguf', original)
  expect(lockedWeightsSchema.parse(weights)).toEqual(weights)
  expect(weights.setDigest).toBe(whole.setDigest)
  const layers = plan()
  expect(Math.max(...layers.map((layer) => layer.sizeBytes))).toBeLessThanOrEqual(maxLayerBytes)
  const store = await scratchStore()
  const stored = await packWeights(store, weights, layers, context)
  expect(stored.map((layer) => layer.descriptor.size)).toEqual(layers.map((layer) => layer.sizeBytes))
  const model = await unpacked(
    store,
    stored.map((layer) => layer.descriptor.digest),
  )
  const names = (await readdir(model)).sort()
  expect(names).toEqual(deployedFiles(weights.files).map((file) => file.path))
  expect(names[0]).toBe('model-00001-of-00004.gguf')
  const wanted = await gguf(join(folder, 'model.gguf'), { allowLocalFile: true })
  const tensorsOf = async (path: string) => {
    const bytes = await readFile(path)
    const { tensorInfos, tensorDataOffset, metadata } = await gguf(path, { allowLocalFile: true })
    const data = tensorInfos.map(({ name, offset }) => {
      const start = Number(tensorDataOffset) + Number(offset)
      return [name, sha256(bytes.subarray(start, start + 1_000_032))]
    })
    return { data, metadata }
  }
  const parts = await Promise.all(names.map((name) => tensorsOf(join(model, name))))
  expect(parts.flatMap((part) => part.data)).toEqual((await tensorsOf(join(folder, 'model.gguf'))).data)
  expect(parts[0]?.metadata).toMatchObject({
    'tokenizer.ggml.tokens': wanted.metadata['tokenizer.ggml.tokens' as never],
  })
  expect(parts.map((part) => part.metadata['split.no' as never])).toEqual([0, 1, 2, 3])
  expect(parts.map((part) => part.metadata['split.count' as never])).toEqual([4, 4, 4, 4])
})

test('a safetensors file becomes parts with the same tensors', async () => {
  const original = safetensorsOf('layer', 6)
  const { weights, plan } = await locked('model.safetensors', original)
  const store = await scratchStore()
  const stored = await packWeights(store, weights, plan(), context)
  const model = await unpacked(
    store,
    stored.map((layer) => layer.descriptor.digest),
  )
  const names = (await readdir(model)).sort()
  const data = await Promise.all(
    names.map(async (name) => {
      const bytes = await readFile(join(model, name))
      const dataStart = 8 + Number(bytes.readBigUInt64LE())
      const { __metadata__, ...tensors } = JSON.parse(bytes.toString('utf8', 8, dataStart))
      expect(__metadata__).toEqual({ format: 'pt' })
      expect(
        Math.max(
          ...Object.values<{ data_offsets: number[] }>(tensors).map((one) => one.data_offsets[1] ?? 0),
        ),
      ).toBe(bytes.length - dataStart)
      return bytes.subarray(dataStart)
    }),
  )
  expect(names.length).toBeGreaterThan(1)
  expect(sha256(Buffer.concat(data))).toBe(sha256(original.subarray(-6e6)))
})

test('a run that was cut anywhere in the parts goes on to the same layers', async () => {
  const { weights, plan } = await locked('model.gguf', makeGguf())
  const layers = plan()
  const reference = await scratchStore()
  const expected = await packWeights(reference, weights, layers, context)
  const store = await scratchStore()
  const partial = (i: number) => join(store.root, 'ingot/partial', fileNameOf(`weights-${layers[i]?.key}`))
  const bytesOf = async (i: number) =>
    readFile(blobPath(reference, expected[i]?.descriptor.digest ?? 'sha256:'))
  await writeFile(partial(1), await bytesOf(1))
  await writeFile(partial(2), (await bytesOf(2)).subarray(0, 2_500_000))
  expect(await packWeights(store, weights, layers, context)).toEqual(expected)
})

test('a wrong byte anywhere in a split file is found, and no part gets a name', async () => {
  const { folder, weights, plan } = await locked('model.gguf', makeGguf())
  const bytes = makeGguf()
  bytes[bytes.length - 5] = 1 ^ (bytes.at(-5) ?? 0)
  await writeFile(join(folder, 'model.gguf'), bytes)
  const store = await scratchStore()
  await expect(packWeights(store, weights, plan(), context)).rejects.toMatchObject({ code: 'hash-mismatch' })
  // The layer of the folders may be there; none of the parts is.
  expect((await readdir(join(store.root, 'blobs/sha256'))).length).toBeLessThanOrEqual(1)
  expect(await readdir(join(store.root, 'ingot/partial'))).toEqual([])
})

test('what cannot be split is refused by name: other formats, a tensor larger than a layer', async () => {
  expect((await locked('model.bin', sampleBytes(5e6, 'x'))).plan).toThrow('model.bin')
  const { whole } = await locked('model.gguf', makeGguf())
  const small = await splitLargeFiles(whole, 900_000, context)
  expect(() => planWeightLayers(small.files, { modelFolder: '/m', maxLayerBytes: 900_000 })).toThrow(
    'model.gguf',
  )
})

test('a file that is no GGUF is named', async () => {
  await expect(locked('model.gguf', sampleBytes(5e6, 'not a gguf'))).rejects.toMatchObject({
    code: 'bad-archive',
  })
})
