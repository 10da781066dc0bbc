import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test, vi } from 'vitest'
import type { Attribution } from '../../../images/attribution/attribution.ts'
import { attributionChecks } from '../../../images/attribution/checks.ts'
import { assembleImage, mediaTypes, type StoredLayer } from '../../../images/oci/oci.ts'
import type { ImagePlan } from '../../../images/plan/plan.ts'
import { planWeightLayers } from '../../../images/weights/layers.ts'
import { attributeBuilt } from '../../../pipelines/size/built.ts'
import { blobPath } from '../../../pipelines/store/blobs.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { writeBlob } from '../../../pipelines/store/write.ts'
import { inventoryWeights } from '../../../pipelines/weights/inventory.ts'
import { packWeights } from '../../../pipelines/weights/pack.ts'
import { scratchFolder, scratchStore } from '../../scratch.ts'
import { storeImage } from '../store/store-image.ts'
import { contextFor, sampleBytes } from '../weights/samples.ts'
import { sizeOf } from './crafted.ts'

vi.setConfig({ testTimeout: 120_000 })
const run = promisify(execFile)

/** A store with an image of real weight layers and of the given runtime layers, each a shell script that fills a folder. */
async function built(...scripts: string[]) {
  const [store, folder, context] = [await scratchStore(), await scratchFolder(), contextFor()]
  await mkdir(join(folder, 'model/sub'), { recursive: true })
  await writeFile(join(folder, 'model/config.json'), '{}')
  await writeFile(join(folder, 'model/sub/tokenizer.json'), sampleBytes(9000, 'tokenizer'))
  await writeFile(join(folder, 'model/model.gguf'), sampleBytes(3e6, 'model'))
  const locked = await inventoryWeights({ type: 'folder', path: join(folder, 'model') }, context)
  const layers = planWeightLayers(locked.files, { modelFolder: '/models/m', smallFileBytes: 1e6 })
  const weights = await packWeights(store, locked, layers, context)
  const runtime: StoredLayer[] = []
  for (const [index, script] of scripts.entries()) {
    const tree = join(folder, `layer-${index}`)
    await mkdir(tree)
    await run('bash', ['-ceu', `cd ${tree}; ${script}; tar --create --file ${tree}.tar .`])
    const { digest, sizeBytes } = await writeBlob(store, createReadStream(`${tree}.tar`))
    const descriptor = { mediaType: mediaTypes.layer, digest, size: sizeBytes }
    runtime.push({ descriptor, diffId: digest, cause: `layer ${index}` })
  }
  await storeImage(store, assembleImage([...weights, ...runtime], {}, 'linux/amd64', {}), 'm:latest')
  // The members that attribution reads; the rest of a plan has no part in it.
  const plan = { weights: { layers }, enginePaths: ['/srv/engine'], settings: [] } as unknown as ImagePlan
  return { store, plan, layers: { weights, runtime } }
}

const base = 'mkdir usr srv; head -c 5000 /dev/zero > usr/a; head -c 700 /dev/zero > srv/engine'

async function breakAll(store: Store, layers: readonly StoredLayer[]): Promise<void> {
  for (const { descriptor } of layers)
    await writeFile(blobPath(store, descriptor.digest), Buffer.alloc(descriptor.size, 'x'))
}

test('weight files are known without reading them, and are what reading them gives', async () => {
  const { store, plan, layers } = await built(base)
  const layout = `oci:${store.root}:m:latest`
  const { found } = await sizeOf(layout)
  await breakAll(store, layers.weights)
  await expect(sizeOf(layout)).rejects.toMatchObject({ code: 'broken-layer' })
  const known = await attributeBuilt(store, plan, layers)
  const untitled = ({ layers: shares, ...rest }: Attribution) => ({
    ...rest,
    layers: shares.map(({ title: _, ...share }) => share),
    largest: rest.largest.map(({ cause: _, ...file }) => file),
    causes: [],
  })
  expect(untitled(known)).toEqual(untitled(found))
  expect(known.causes).toEqual([
    { cause: 'weights', sizeBytes: 3_009_002, files: 3 },
    { cause: 'base system', sizeBytes: 5000, files: 1 },
    { cause: 'engine', sizeBytes: 700, files: 1 },
  ])
})

test('a layer is read once in its life', async () => {
  const { store, plan, layers } = await built(base)
  const first = await attributeBuilt(store, plan, layers)
  await breakAll(store, [...layers.weights, ...layers.runtime])
  expect(await attributeBuilt(store, plan, layers)).toEqual(first)
  expect(await readdir(join(store.root, 'ingot/layer-files'))).toHaveLength(4)
  expect(await readdir(store.temporary)).toEqual([])
})

test('a layer that hides a byte of another fails the image', async () => {
  const { store, plan, layers } = await built(base, 'mkdir usr; echo other > usr/a')
  const checks = attributionChecks(await attributeBuilt(store, plan, layers))
  expect(checks).toMatchObject([{ id: 'no-shadowed-bytes', status: 'failed', observed: '5.0 kB in 1 file' }])
})
