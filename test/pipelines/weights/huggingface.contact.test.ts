import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect, onTestFinished, test, vi } from 'vitest'
import { planWeightLayers } from '../../../images/weights/layers.ts'
import { digestOf } from '../../../lib/digest.ts'
import { blobPath } from '../../../pipelines/store/blobs.ts'
import { inventoryWeights } from '../../../pipelines/weights/inventory.ts'
import { packWeights } from '../../../pipelines/weights/pack.ts'
import { lockedWeightsSchema, totalBytes } from '../../../recipes/locked-weights.ts'
import { weightsSourceSchema } from '../../../recipes/weights.ts'
import type { Fault, Hub } from '../../hub/hub.ts'
import { type HubRepo, repoOf } from '../../hub/repo.ts'
import { startHub } from '../../hub/server.ts'
import { scratchStore } from '../../scratch.ts'
import { contextFor, sampleBytes, sha256 } from './samples.ts'

// Child processes and synced files take their time on a machine that does other work.
vi.setConfig({ testTimeout: 120_000 })

const weights = sampleBytes(300_000, 'weights')
const token = 'hf_canaryTokenForTests0123456789'

const files = {
  '.gitattributes': '*.safetensors filter=lfs',
  'README.md': '# Tiny',
  'config.json': '{"architectures":["LlamaForCausalLM"]}',
  'empty.txt': '',
  'model.safetensors': weights,
  'original/consolidated.00.pth': sampleBytes(1000, 'original'),
  'pytorch_model.bin': sampleBytes(1000, 'bin'),
  'tokenizer ä.json': '{}',
}

async function hubWith(options: Partial<HubRepo> = {}): Promise<Hub> {
  const hub = await startHub([repoOf('acme/tiny', files, { license: 'apache-2.0', ...options })])
  onTestFinished(() => hub.close())
  return hub
}

const source = (more: object = {}) =>
  weightsSourceSchema.parse({ type: 'huggingface', repo: 'acme/tiny', ...more })

async function pack(hub: Hub, environment: Record<string, string> = {}) {
  const context = contextFor({ HF_ENDPOINT: hub.url, ...environment })
  const locked = await inventoryWeights(source(), context)
  const layers = planWeightLayers(locked.files, { modelFolder: '/models/tiny', smallFileBytes: 100_000 })
  const store = await scratchStore()
  return { store, locked, layers, stored: () => packWeights(store, locked, layers, context) }
}

test('the inventory pins commit, sizes and hashes, names what it skips, and moves no weights', async () => {
  const hub = await hubWith()
  const locked = await inventoryWeights(source(), contextFor({ HF_ENDPOINT: hub.url }))
  expect(lockedWeightsSchema.parse(locked)).toEqual(locked)
  expect(locked.files.map((file) => file.path)).toEqual([
    'config.json',
    'empty.txt',
    'model.safetensors',
    'tokenizer ä.json',
  ])
  expect(locked.files[2]).toEqual({ path: 'model.safetensors', sizeBytes: 300_000, sha256: sha256(weights) })
  expect(locked.skipped?.map((file) => file.path)).toEqual([
    '.gitattributes',
    'README.md',
    'original/consolidated.00.pth',
    'pytorch_model.bin',
  ])
  expect(locked.license).toBe('apache-2.0')
  expect(hub.sentBytes).toBeLessThan(1000)
})

test('another layout of the same model is packed from the store', async () => {
  const large = sampleBytes(1_200_000, 'large')
  const hub = await startHub([repoOf('acme/tiny', { 'model.safetensors': large })])
  onTestFinished(() => hub.close())
  const { store, locked, stored } = await pack(hub)
  await stored()
  const requests = hub.requests.length
  const other = planWeightLayers(locked.files, { modelFolder: '/elsewhere', smallFileBytes: 100_000 })
  const layers = await packWeights(store, locked, other, contextFor({ HF_ENDPOINT: hub.url }))
  expect(layers.map((layer) => layer.descriptor.size)).toEqual(other.map((layer) => layer.sizeBytes))
  expect(hub.requests.length).toBe(requests)
})

test('layers hold the bytes of the files, and a second run asks for nothing', async () => {
  const hub = await hubWith()
  const { store, layers, stored } = await pack(hub)
  const first = await stored()
  expect(first.map((layer) => layer.descriptor.size)).toEqual(layers.map((layer) => layer.sizeBytes))
  const requests = hub.requests.length
  expect(await stored()).toEqual(first)
  expect(hub.requests.length).toBe(requests)
  expect(await readdir(join(store.root, 'ingot/partial'))).toEqual([])
})

const repaired: [string, Fault[]][] = [
  ['a server that is busy', [{ type: 'status', status: 429, retryAfter: '0', times: 2 }]],
  ['a server error', [{ type: 'status', status: 503, times: 2 }]],
  ['cut connections', [{ type: 'cut', afterBytes: 70_001, path: 'model.safetensors', times: 4 }]],
  ['a stall', [{ type: 'stall', afterBytes: 100_000, path: 'model.safetensors', times: 1 }]],
  [
    'no ranges',
    [
      { type: 'no-ranges', path: 'model.safetensors' },
      { type: 'cut', afterBytes: 100_000, times: 1 },
    ],
  ],
]

test.each(repaired)('%s costs time, not bytes', async (_, faults) => {
  const hub = await hubWith()
  const { locked, stored } = await pack(hub)
  hub.sentBytes = 0
  hub.faults.push(...faults)
  await stored()
  const again = faults.some((fault) => fault.type === 'no-ranges') ? 300_000 : 66_000
  expect(hub.sentBytes).toBeLessThan(totalBytes(locked.files) + again)
})

test('wrong bytes are refused and nothing of them stays', async () => {
  const hub = await hubWith()
  const { store, stored } = await pack(hub)
  hub.faults.push({ type: 'wrong-bytes', path: 'model.safetensors' })
  await expect(stored()).rejects.toMatchObject({ code: 'hash-mismatch' })
  expect(await readdir(join(store.root, 'ingot/partial'))).toEqual([])
  const blobs = await readdir(join(store.root, 'blobs/sha256'))
  expect(blobs.length).toBeLessThanOrEqual(2)
  hub.faults.length = 0
  for (const { descriptor } of await stored()) {
    const bytes = await readFile(blobPath(store, descriptor.digest))
    expect(bytes).toHaveLength(descriptor.size)
    expect(digestOf(bytes)).toBe(descriptor.digest)
  }
})

test('a server that stays broken ends in an error with a hint', async () => {
  const hub = await hubWith()
  const { stored } = await pack(hub, { HF_TOKEN: token })
  hub.faults.push({ type: 'status', status: 503, path: 'model.safetensors' })
  const error = await stored().catch((caught) => caught)
  expect(error).toMatchObject({ code: 'network', message: expect.stringContaining('503') })
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(token)
})

test('a server that is gone ends in an error that holds no token', async () => {
  const hub = await hubWith()
  const { stored } = await pack(hub, { HF_TOKEN: token })
  await hub.close()
  const error = await stored().catch((caught) => caught)
  expect(error).toMatchObject({ code: 'network', hint: expect.stringContaining('HTTPS_PROXY') })
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(token)
})

test("the caller's own reason comes back when it stops a download", async () => {
  const hub = await hubWith()
  const context = contextFor({ HF_ENDPOINT: hub.url })
  const locked = await inventoryWeights(source(), context)
  hub.faults.push({ type: 'stall', afterBytes: 1000 })
  const stop = new AbortController()
  const reason = new Error('the user pressed Ctrl-C')
  setTimeout(() => stop.abort(reason), 50)
  const layers = planWeightLayers(locked.files, { modelFolder: '/models/tiny' })
  const packing = packWeights(await scratchStore(), locked, layers, {
    ...context,
    stallMs: 60_000,
    signal: stop.signal,
  })
  await expect(packing).rejects.toBe(reason)
})

const refusals: [string, Partial<HubRepo>, Record<string, string>, string, RegExp][] = [
  ['gated without token', { gated: 'auto' }, {}, 'gated', /accept the licence at .*acme\/tiny.*HF_TOKEN/],
  [
    'gated, licence not accepted',
    { gated: 'auto', access: [] },
    { HF_TOKEN: token },
    'gated',
    /accept the licence at/,
  ],
  ['bad token', { tokens: ['other'] }, { HF_TOKEN: token }, 'unauthorized', /settings\/tokens/],
  ['private without token', { private: true }, {}, 'unauthorized', /set HF_TOKEN/],
]

test.each(refusals)('%s: the error says what to do', async (_, options, environment, code, hint) => {
  const hub = await hubWith(options)
  const attempt = inventoryWeights(source(), contextFor({ HF_ENDPOINT: hub.url, ...environment }))
  const error = await attempt.catch((caught) => caught)
  expect(error).toMatchObject({ code })
  expect(error.hint).toMatch(hint)
  expect(JSON.stringify([error, error.message, error.hint, error.failure])).not.toContain(token)
})

test('a token goes to the Hub and not to the host that it redirects to', async () => {
  const hub = await hubWith({ gated: 'auto', tokens: [token], access: [token] })
  const { stored } = await pack(hub, { HF_TOKEN: token })
  await stored()
  const seen = (prefix: boolean) => hub.requests.filter((one) => one.path.startsWith('cdn:') === prefix)
  expect(seen(false).every((one) => one.authorized)).toBe(true)
  expect(seen(true).some((one) => one.authorized)).toBe(false)
})

test('an unknown revision is named', async () => {
  const hub = await hubWith()
  const attempt = inventoryWeights(source({ revision: 'v9' }), contextFor({ HF_ENDPOINT: hub.url }))
  await expect(attempt).rejects.toMatchObject({
    code: 'not-found',
    message: expect.stringContaining('revision'),
  })
})
