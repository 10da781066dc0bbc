import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseSafetensorsMetadata } from '@huggingface/hub'
import { expect, onTestFinished, test, vi } from 'vitest'
import { indexWithParts } from '../../../images/weights/safetensors-index.ts'
import { packWeights } from '../../../pipelines/weights/pack.ts'
import { deployedFiles, lockedWeightsSchema } from '../../../recipes/locked-weights.ts'
import { repoOf } from '../../hub/repo.ts'
import { startHub } from '../../hub/server.ts'
import { scratchStore } from '../../scratch.ts'
import { contextFor } from './samples.ts'
import { indexName, lockedShards, packedAndUnpacked, shardNames } from './shards.ts'

// Child processes and synced files take their time on a machine that does other work.
vi.setConfig({ testTimeout: 120_000 })

test("a shard that is too large becomes parts, and the Hub's own reader follows the new index to every tensor", async () => {
  const sharded = await lockedShards()
  const { weights, whole, layers, files, index } = sharded
  expect(lockedWeightsSchema.parse(JSON.parse(JSON.stringify(weights)))).toEqual(weights)
  expect(weights.setDigest).toBe(whole.setDigest)
  expect(Math.max(...layers.map((layer) => layer.sizeBytes))).toBeLessThanOrEqual(3_000_000)
  const model = await packedAndUnpacked(await scratchStore(), sharded)
  const names = (await readdir(model)).sort()
  expect(names).toEqual(
    deployedFiles(weights.files)
      .map((file) => file.path)
      .sort(),
  )
  expect(names).not.toContain(shardNames[0])
  // The shard that fits is the very file.
  expect(await readFile(join(model, shardNames[1]))).toEqual(files[shardNames[1]])
  const written = JSON.parse(await readFile(join(model, indexName), 'utf8'))
  expect(written.metadata).toEqual(index.metadata)
  expect(Object.keys(written.weight_map)).toEqual(Object.keys(index.weight_map))

  const read = async (folder: string, list: readonly string[]) => {
    const bodies = await Promise.all(list.map((name) => readFile(join(folder, name))))
    const hub = await startHub([
      repoOf('acme/sharded', Object.fromEntries(list.map((name, i) => [name, bodies[i] ?? '']))),
    ])
    onTestFinished(() => hub.close())
    return parseSafetensorsMetadata({
      repo: 'acme/sharded',
      path: indexName,
      hubUrl: hub.url,
    })
  }
  const before = await read(sharded.folder, Object.keys(files))
  const after = await read(model, names)
  if (!before.sharded || !after.sharded) throw new Error('the reader found no index')
  const tensorsOf = (headers: typeof after.headers) =>
    Object.values(headers)
      .flatMap(({ __metadata__, ...tensors }) => Object.entries(tensors))
      .map(([name, { dtype, shape }]) => [name, dtype, shape])
      .sort()
  expect(tensorsOf(after.headers)).toEqual(tensorsOf(before.headers))
  expect(Object.keys(after.headers).length).toBe(4)
})

test('an index that changed at its source is refused, and nothing of it is kept', async () => {
  const { folder, weights, layers, index } = await lockedShards()
  const other = { ...index, metadata: { total_size: 8_000_001 } }
  await writeFile(join(folder, indexName), JSON.stringify(other, null, 2))
  const store = await scratchStore()
  await expect(packWeights(store, weights, layers, contextFor())).rejects.toMatchObject({
    code: 'hash-mismatch',
  })
})

test('a second run reads nothing, not even an index', async () => {
  const sharded = await lockedShards()
  const store = await scratchStore()
  const first = await packWeights(store, sharded.weights, sharded.layers, contextFor())
  const gone = { ...contextFor(), recipeFolder: '/nonexistent' }
  expect(await packWeights(store, sharded.weights, sharded.layers, gone)).toEqual(first)
})

test('indexes: other shards stay, paths are relative to the index, and a tensor in no part is told', () => {
  const part = (path: string, ...tensors: string[]) => ({
    path,
    tensors,
    header: Buffer.alloc(0),
    start: 0,
    end: 0,
  })
  const split = new Map([
    ['sub/a.safetensors', [part('sub/a-1.safetensors', 'x'), part('sub/a-2.safetensors', 'y')]],
  ])
  const text = (map: Record<string, string>) => JSON.stringify({ weight_map: map, more: 1 })
  expect(
    JSON.parse(
      indexWithParts(text({ x: 'a.safetensors', y: 'a.safetensors', z: 'b.safetensors' }), 'sub/i', split) ??
        '',
    ),
  ).toEqual({
    weight_map: { x: 'a-1.safetensors', y: 'a-2.safetensors', z: 'b.safetensors' },
    more: 1,
  })
  expect(indexWithParts(text({ x: 'a.safetensors' }), 'i', split)).toBeUndefined()
  expect(() => indexWithParts(text({ q: 'a.safetensors' }), 'sub/i', split)).toThrow('q in a.safetensors')
})
