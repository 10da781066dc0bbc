import { readFileSync } from 'node:fs'
import { access, rm } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Report } from '../../images/report/report.ts'
import { packedFilesLabel } from '../../images/weights/artifact.ts'
import { blobPath, statBlob } from '../../pipelines/store/blobs.ts'
import { readImageConfig, readImageManifest } from '../../pipelines/store/image.ts'
import { closeStore, openStore } from '../../pipelines/store/open.ts'
import { resolveReference } from '../../pipelines/store/reference.ts'
import type { Store } from '../../pipelines/store/store.ts'
import { demoRecipe, ingot, newWorkplace, type Workplace, writeRecipe } from './ingot.ts'

const recipe = readFileSync(demoRecipe, 'utf8')
const modelBytes = 98_362_432

let place: Workplace
let store: Store
let baked: Report

async function build(name: string, change: (text: string) => string, ...options: string[]): Promise<Report> {
  const text = change(recipe.replace('name: smollm2-135m-llama-cpp', `name: ${name}`))
  const run = await ingot(['build', await writeRecipe(place, name, text), '--json', ...options], place)
  expect(run.code, run.stderr + run.stdout).toBe(0)
  return JSON.parse(run.stdout)[0]
}

beforeAll(async () => {
  place = await newWorkplace()
  baked = await build('baked', (text) => text, '--no-verify')
  store = await openStore(place.store)
})

afterAll(async () => {
  await closeStore(store)
  await rm(place.folder, { recursive: true, force: true })
})

test('another context length gives another image out of the same layers', async () => {
  const other = await build(
    'shorter',
    (text) => text.replace('contextLength: 4096', 'contextLength: 2048'),
    '--no-verify',
  )
  expect(other.image).not.toBe(baked.image)
  expect(other.layers).toEqual(baked.layers)
})

test('mounted: no weight in the image, verified with the weights mounted, labels say what it waits for', async () => {
  const mounted = await build('mounted', (text) => text.replace('delivery: baked', 'delivery: mounted'))
  expect(mounted.verdict).toBe('verified')
  expect(mounted.sizes.weightsBytes).toBe(0)
  expect(mounted.sizes.storedBytes).toBeLessThan(40e6)
  const { config } = await readImageConfig(store, mounted.image)
  // The init stands before the guard, which checks as its child.
  expect(config.Entrypoint?.slice(0, 12).join(' ')).toBe(
    '/usr/bin/tini -e 129 -- /usr/bin/dumb-init --rewrite 15:1 --rewrite 2:1 -- /bin/sh /usr/local/lib/ingot/weights-guard',
  )
  expect(JSON.parse(config.Labels?.['dev.ingot.weights.files'] ?? '')).toEqual([
    expect.objectContaining({ path: 'SmolLM2-135M-Instruct.Q4_1.gguf', sizeBytes: modelBytes }),
  ])
  expect(config.Labels?.['dev.ingot.weights.folder']).toBe('/models/smollm2-135m-instruct')
})

test('artifact: the weights are an image of their own with the very layers of the baked image', async () => {
  const artifact = await build(
    'artifact',
    (text) => text.replace('delivery: baked', 'delivery: artifact'),
    '--no-verify',
  )
  expect(artifact.sizes.weightsBytes).toBe(0)
  const weights = await resolveReference(store, 'artifact-weights:latest')
  const modelPack = await resolveReference(store, 'artifact-modelpack:latest')
  const digests = baked.layers.filter((layer) => layer.part === 'weights').map((layer) => layer.digest)
  for (const image of [weights, modelPack]) {
    if (image === undefined) throw new Error('an image of the weights is missing')
    expect((await readImageManifest(store, image.digest)).layers.map((layer) => layer.digest)).toEqual(
      digests,
    )
  }
  const config = weights && (await readImageConfig(store, weights.digest))
  expect(config?.config.Labels?.[packedFilesLabel]).toContain('SmolLM2')
})

test('artifact with a raw ModelPack: the file of the model is a layer, and the store has it once', async () => {
  const change = (text: string) => text.replace('delivery: baked', 'delivery: artifact\n  modelPack: raw')
  const raw = await build('raw', change, '--no-verify')
  expect(raw.sizes.weightsBytes).toBe(0)
  const pack = await resolveReference(store, 'raw-modelpack:latest')
  if (pack === undefined) throw new Error('there is no ModelPack')
  const { layers } = await readImageManifest(store, pack.digest)
  expect(layers.map(({ size }) => size)).toEqual([modelBytes])
  expect(await statBlob(store, layers[0]?.digest ?? 'sha256:')).toBe(modelBytes)
  await expect(access(blobPath(store, layers[0]?.digest ?? 'sha256:'))).rejects.toThrow('ENOENT')
})
