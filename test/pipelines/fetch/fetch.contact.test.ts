import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type FetchRequest, fetchWeights } from '../../../pipelines/fetch/fetch-weights.ts'
import { inventoryWeights } from '../../../pipelines/weights/inventory.ts'
import { runPython } from '../../hub/python.ts'
import { repoOf } from '../../hub/repo.ts'
import { startHub } from '../../hub/server.ts'
import { scratchFolder } from '../../scratch.ts'
import { contextFor, sampleBytes, sha256 } from '../weights/samples.ts'

vi.setConfig({ testTimeout: 120_000 })

const files = {
  'config.json': '{"model_type":"llama"}',
  'model.safetensors': sampleBytes(3_000_000, 'model'),
  'sub/tokenizer.json': '{}',
}
const silent = { step: () => undefined, bytes: () => undefined, end: () => undefined }

async function hubWith() {
  const repo = repoOf('acme/tiny', files)
  const hub = await startHub([repo])
  onTestFinished(() => hub.close())
  const context = contextFor({ HF_ENDPOINT: hub.url })
  const source = { type: 'huggingface', repo: 'acme/tiny', revision: 'main' } as const
  const weights = await inventoryWeights(source, context)
  const folder = join(await scratchFolder(), 'models')
  const request: FetchRequest = { weights, delivery: 'mounted', folder, cacheFolder: '/nonexistent' }
  const fetch = (more: Partial<FetchRequest> = {}) => fetchWeights({ ...request, ...more }, context, silent)
  hub.sentBytes = 0
  return { hub, repo, folder, weights, context, fetch }
}

async function expectWhole(folder: string): Promise<void> {
  for (const [path, body] of Object.entries(files))
    expect(sha256(await readFile(join(folder, path)))).toBe(sha256(Buffer.from(body)))
}

test('the files of the lock come once, and are kept the next time', async () => {
  const { hub, folder, fetch } = await hubWith()
  expect((await fetch()).map(({ origin }) => origin)).toEqual(['source', 'source', 'source'])
  await expectWhole(folder)
  const sent = hub.sentBytes
  expect((await fetch()).map(({ origin }) => origin)).toEqual(['kept', 'kept', 'kept'])
  expect(hub.sentBytes).toBe(sent)
  expect((await readdir(folder)).sort()).toEqual(['config.json', 'model.safetensors', 'sub'])
})

test('a part that an earlier run left is gone on from, also over a connection that breaks', async () => {
  const { hub, folder, fetch } = await hubWith()
  await mkdir(folder)
  await writeFile(join(folder, 'model.safetensors.part'), files['model.safetensors'].subarray(0, 1_200_000))
  hub.faults.push({ type: 'cut', afterBytes: 500_000, path: 'model.safetensors', times: 1 })
  await fetch()
  await expectWhole(folder)
  expect(hub.sentBytes).toBeLessThan(2_000_000)
})

test('a part of other bytes is thrown away, and the next run is right', async () => {
  const { folder, fetch } = await hubWith()
  await mkdir(folder)
  await writeFile(join(folder, 'model.safetensors.part'), Buffer.alloc(1_200_000))
  await expect(fetch()).rejects.toMatchObject({ code: 'bad-answer' })
  await fetch()
  await expectWhole(folder)
})

test('wrong bytes are thrown away and told', async () => {
  const { hub, folder, fetch } = await hubWith()
  hub.faults.push({ type: 'wrong-bytes', path: 'model.safetensors' })
  await expect(fetch()).rejects.toMatchObject({ code: 'bad-answer' })
  expect((await readdir(folder)).filter((name) => name.startsWith('model'))).toEqual([])
})

test('another file in the place of one is not overwritten', async () => {
  const { folder, fetch } = await hubWith()
  await fetch()
  await writeFile(join(folder, 'config.json'), 'mine')
  await expect(fetch()).rejects.toMatchObject({ code: 'file-exists' })
  expect(await readFile(join(folder, 'config.json'), 'utf8')).toBe('mine')
})

const snapshot = `
import json
from huggingface_hub import snapshot_download
print(json.dumps({'path': snapshot_download('acme/tiny')}))
`

test("what Python's client fetched on this machine is taken from its cache", async () => {
  const { hub, folder, fetch } = await hubWith()
  const cacheFolder = await scratchFolder()
  await runPython(snapshot, { HF_ENDPOINT: hub.url, HF_HUB_CACHE: cacheFolder })
  hub.sentBytes = 0
  expect((await fetch({ cacheFolder })).map(({ origin }) => origin)).toEqual(['cache', 'cache', 'cache'])
  await expectWhole(folder)
  expect(hub.sentBytes).toBe(0)
})

test("with delivery hf-cache Python's client finds the model offline", async () => {
  const { repo, folder, fetch } = await hubWith()
  await fetch({ delivery: 'hf-cache' })
  const found = await runPython(snapshot, { HF_HUB_OFFLINE: '1', HF_HUB_CACHE: folder })
  expect(found).toEqual({ path: expect.stringContaining(repo.commit) })
  await expectWhole((found as { path: string }).path)
  expect((await fetch({ delivery: 'hf-cache' })).every(({ origin }) => origin === 'kept')).toBe(true)
})

test('two that fetch into one folder at once: one sends for it, and both have it whole', async () => {
  const { hub, folder, fetch } = await hubWith()
  const origins = (await Promise.all([fetch(), fetch()])).map((all) => all.map(({ origin }) => origin))
  expect(origins.flat().sort()).toEqual(['kept', 'kept', 'kept', 'source', 'source', 'source'])
  await expectWhole(folder)
  expect(hub.sentBytes).toBeLessThan(4_000_000)
  expect((await readdir(folder)).sort()).toEqual(['config.json', 'model.safetensors', 'sub'])
})
