import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { assembleImage } from '../../../images/oci/oci.ts'
import { planWeightLayers } from '../../../images/weights/layers.ts'
import { packReusing } from '../../../pipelines/build/reuse-published-weights.ts'
import { type ServedRequest, serveStore } from '../../../pipelines/registry-server/server.ts'
import { statBlob } from '../../../pipelines/store/blobs.ts'
import { reachableBlobs } from '../../../pipelines/store/closure.ts'
import { requireHere } from '../../../pipelines/store/foreign.ts'
import { setDigestOf, sortFiles } from '../../../recipes/weights.ts'
import { scratchFolder, scratchStore } from '../../scratch.ts'
import { storeImage } from '../store/store-image.ts'
import { contextFor, sampleBytes, sha256 } from '../weights/samples.ts'

const progress = { step: () => undefined, bytes: () => undefined, end: () => undefined }

/** A model whose image a registry has, and what that registry was asked. */
async function published() {
  const folder = await scratchFolder()
  const bodies = { 'config.json': Buffer.from('{}'), 'model.gguf': sampleBytes(70_000_000, 'rebase') }
  for (const [path, body] of Object.entries(bodies)) await writeFile(join(folder, path), body)
  const files = sortFiles(
    Object.entries(bodies).map(([path, body]) => ({ path, sizeBytes: body.length, sha256: sha256(body) })),
  )
  const weights = { source: { type: 'folder' as const, path: folder }, files, setDigest: setDigestOf(files) }
  const planned = planWeightLayers(files, { modelFolder: '/models/m' })
  const context = { ...contextFor(), recipeFolder: folder, progress, verify: false }
  const here = await scratchStore()
  const layers = await packReusing(here, weights, planned, context)
  await storeImage(here, assembleImage(layers, {}, 'linux/amd64', {}), 'llm/one:v1')
  const asked: ServedRequest[] = []
  const registry = await serveStore(here, { onRequest: (request) => void asked.push(request) })
  onTestFinished(() => registry.close())
  const fromRegistry = [`127.0.0.1:${registry.port}/llm/one:v1`]
  // A machine that cannot reach the source.
  const away = { ...weights, source: { type: 'folder' as const, path: join(folder, 'nowhere') } }
  return { weights: away, planned, layers, asked, context: { ...context, fromRegistry } }
}

test('without a boot the layers stay in the registry: one manifest is asked for', async () => {
  const { weights, planned, layers, asked, context } = await published()
  const store = await scratchStore()
  expect(await packReusing(store, weights, planned, context)).toEqual(layers)
  expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual(['GET /v2/llm/one/manifests/v1'])
  const image = assembleImage(layers, {}, 'linux/amd64', {})
  await storeImage(store, image, 'two:latest')
  expect((await reachableBlobs(store, image.manifest.descriptor)).blobs).toHaveLength(layers.length + 1)
  for (const { descriptor } of layers) {
    expect(await statBlob(store, descriptor.digest)).toBeUndefined()
    await expect(requireHere(store, descriptor.digest)).rejects.toMatchObject({ code: 'missing-blob' })
  }
})

test('for a boot they are read from the registry, hashed, and become layers here', async () => {
  const { weights, planned, layers, asked, context } = await published()
  const store = await scratchStore()
  expect(await packReusing(store, weights, planned, { ...context, verify: true })).toEqual(layers)
  for (const { descriptor } of layers) expect(await statBlob(store, descriptor.digest)).toBe(descriptor.size)
  expect(asked.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBeGreaterThan(70_000_000)
})

test('weights of another plan are not taken: their source is asked', async () => {
  const { weights, planned, asked, context } = await published()
  const other = planWeightLayers(weights.files, { modelFolder: '/models/other' })
  const store = await scratchStore()
  await expect(packReusing(store, weights, other, context)).rejects.toThrow('nowhere')
  expect(other.map(({ key }) => key)).not.toEqual(planned.map(({ key }) => key))
  expect(asked).toHaveLength(1)
})
