import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { downloadFile, snapshotDownload } from '@huggingface/hub'
import { expect, onTestFinished, test } from 'vitest'
import { hubCacheEntries } from '../../images/weights/hub-cache.ts'
import { groupIntoLayers } from '../../images/weights/layers.ts'
import { blobPath } from '../../pipelines/store/blobs.ts'
import { closeStore, openStore } from '../../pipelines/store/open.ts'
import { inventoryWeights } from '../../pipelines/weights/inventory.ts'
import { packWeights } from '../../pipelines/weights/pack.ts'
import { runPython } from '../hub/python.ts'
import { type HubRepo, repoOf } from '../hub/repo.ts'
import { startHub } from '../hub/server.ts'
import { contextFor, sampleBytes, sha256 } from '../pipelines/weights/samples.ts'

const files = {
  'README.md': '# Tiny',
  'config.json': '{"model_type":"llama"}',
  'model-00001-of-00002.safetensors': sampleBytes(3_000_000, 'one'),
  'model-00002-of-00002.safetensors': sampleBytes(2_000_000, 'two'),
  'sub/tokenizer.json': '{}',
}
const token = 'hf_fixtureToken'

async function scratch(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-hub-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function hubWith(options: Partial<HubRepo> = {}) {
  const repo = repoOf('acme/tiny', files, options)
  const hub = await startHub([repo])
  onTestFinished(() => hub.close())
  return { hub, repo }
}

/** Downloads or finds a snapshot with Python's client; gives its path and the sha256 of its files, or the error's name. */
const snapshot = `
import json, os, sys, hashlib
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError
try:
    path = snapshot_download('acme/tiny', local_files_only=os.environ.get('HF_HUB_OFFLINE') == '1')
    found = {}
    for root, _, names in os.walk(path):
        for name in names:
            file = os.path.join(root, name)
            found[os.path.relpath(file, path)] = hashlib.sha256(open(file, 'rb').read()).hexdigest()
    print(json.dumps({'path': path, 'files': found}))
except HfHubHTTPError as error:
    print(json.dumps({'error': type(error).__name__, 'message': str(error)}))
`

const hashes = (paths: readonly string[]) =>
  Object.fromEntries(
    Object.entries(files)
      .filter(([path]) => paths.includes(path))
      .map(([path, body]) => [path, sha256(body)]),
  )

test("Python's client downloads from the fixture", async () => {
  const { hub, repo } = await hubWith()
  const found = await runPython(snapshot, { HF_ENDPOINT: hub.url, HF_HOME: await scratch() })
  expect(found).toEqual({ path: expect.stringContaining(repo.commit), files: hashes(Object.keys(files)) })
})

test.each([
  ['no token', {}, 'GatedRepoError'],
  ['a licence that was not accepted', { HF_TOKEN: token }, 'GatedRepoError'],
])("Python's client understands the fixture's refusal: %s", async (_, environment, error) => {
  const { hub } = await hubWith({ gated: 'auto', access: [] })
  const found = await runPython(snapshot, { HF_ENDPOINT: hub.url, HF_HOME: await scratch(), ...environment })
  expect(found).toMatchObject({ error })
})

test("JavaScript's client downloads from the fixture", async () => {
  const { hub } = await hubWith()
  const folder = await snapshotDownload({ repo: 'acme/tiny', hubUrl: hub.url, cacheDir: await scratch() })
  for (const [path, hash] of Object.entries(hashes(Object.keys(files))))
    expect(sha256(await readFile(join(folder, path)))).toBe(hash)
  const blob = await downloadFile({
    repo: 'acme/tiny',
    path: 'model-00001-of-00002.safetensors',
    hubUrl: hub.url,
  })
  const part = await blob?.slice(1_000_000, 1_000_100).arrayBuffer()
  expect(sha256(new Uint8Array(part ?? new ArrayBuffer()))).toBe(
    sha256(files['model-00001-of-00002.safetensors'].subarray(1_000_000, 1_000_100)),
  )
})

test('a cache of our layers is loaded offline, and online nothing is downloaded again', async () => {
  const { hub, repo } = await hubWith()
  const context = contextFor({ HF_ENDPOINT: hub.url })
  const source = { type: 'huggingface', repo: 'acme/tiny', revision: 'main' } as const
  const locked = await inventoryWeights(source, context)
  const layers = groupIntoLayers(hubCacheEntries(locked, '/hub'), { smallFileBytes: 1_000_000 })
  const folder = await scratch()
  const store = await openStore(join(folder, 'store'))
  const stored = await packWeights(store, locked, layers, context)
  // Like a named volume that is filled from the image: the layers, unpacked in order.
  for (const { descriptor } of stored)
    await promisify(execFile)('tar', [
      '--extract',
      '--file',
      blobPath(store, descriptor.digest),
      '--directory',
      folder,
    ])
  await closeStore(store)
  const expected = {
    path: expect.stringContaining(repo.commit),
    files: hashes(locked.files.map((file) => file.path)),
  }
  expect(await runPython(snapshot, { HF_HUB_OFFLINE: '1', HF_HUB_CACHE: join(folder, 'hub') })).toEqual(
    expected,
  )
  hub.sentBytes = 0
  const online = await runPython(snapshot, { HF_ENDPOINT: hub.url, HF_HUB_CACHE: join(folder, 'hub') })
  expect(online).toMatchObject({ path: expect.stringContaining(repo.commit) })
  // Only what the image leaves out.
  expect(hub.sentBytes).toBeLessThanOrEqual(Buffer.byteLength(files['README.md']) + 1)
})
