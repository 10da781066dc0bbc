import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { planWeightLayers } from '../../../images/weights/layers.ts'
import { blobPath } from '../../../pipelines/store/blobs.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { inventoryWeights } from '../../../pipelines/weights/inventory.ts'
import { packWeights } from '../../../pipelines/weights/pack.ts'
import { splitLargeFiles } from '../../../pipelines/weights/split.ts'
import { scratchFolder } from '../../scratch.ts'
import { contextFor, safetensorsOf } from './samples.ts'

export const shardNames = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const
export const indexName = 'model.safetensors.index.json'

/** Layers of at most 3 MB: the first shard (6 MB) is too large, the second (2 MB) is not. */
const maxLayerBytes = 3_000_000

/** A sharded model in a folder as transformers writes it, locked for a registry with small layers. */
export async function lockedShards() {
  const folder = await scratchFolder()
  const names = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}.${i}`)
  const index = {
    metadata: { total_size: 8_000_000 },
    weight_map: Object.fromEntries([
      ...names('second', 2).map((name) => [name, shardNames[1]]),
      ...names('first', 6).map((name) => [name, shardNames[0]]),
    ]),
  }
  const files = {
    [shardNames[0]]: safetensorsOf('first', 6),
    [shardNames[1]]: safetensorsOf('second', 2),
    [indexName]: JSON.stringify(index, null, 2),
    'config.json': '{"model_type":"llama"}',
  }
  for (const [path, body] of Object.entries(files)) await writeFile(join(folder, path), body)
  const whole = await inventoryWeights({ type: 'folder', path: folder }, contextFor())
  const weights = await splitLargeFiles(whole, maxLayerBytes, contextFor())
  const layers = planWeightLayers(weights.files, {
    modelFolder: '/models/m',
    smallFileBytes: 1e6,
    maxLayerBytes,
  })
  return { folder, files, index, whole, weights, layers }
}

/** Packs into a store and unpacks as a container would; gives the model's folder. */
export async function packedAndUnpacked(
  store: Store,
  { weights, layers }: Pick<Awaited<ReturnType<typeof lockedShards>>, 'weights' | 'layers'>,
): Promise<string> {
  const target = await scratchFolder()
  for (const { descriptor } of await packWeights(store, weights, layers, contextFor()))
    await promisify(execFile)('tar', ['-xf', blobPath(store, descriptor.digest), '-C', target])
  return join(target, 'models/m')
}
