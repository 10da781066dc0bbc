import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { assembleImage, mediaTypes, type RuntimeConfig, type StoredLayer } from '../../images/oci/oci.ts'
import { weightsImage } from '../../images/weights/artifact.ts'
import { hubCacheEntries } from '../../images/weights/hub-cache.ts'
import {
  groupIntoLayers,
  planWeightLayers,
  type WeightEntry,
  weightLayer,
} from '../../images/weights/layers.ts'
import { guardExitCode, guardedEntrypoint, mountGuardFiles } from '../../images/weights/mount-guard.ts'
import { type Registry, serveStore } from '../../pipelines/registry-server/server.ts'
import { closeStore, openStore } from '../../pipelines/store/open.ts'
import type { Store } from '../../pipelines/store/store.ts'
import { writeBlob } from '../../pipelines/store/write.ts'
import { inventoryWeights } from '../../pipelines/weights/inventory.ts'
import { packWeights } from '../../pipelines/weights/pack.ts'
import type { LockedWeights } from '../../recipes/locked-weights.ts'
import { checksumLines } from '../../recipes/weights.ts'
import { busyboxTar, podman, runContainer } from '../e2e/weights-podman.ts'
import type { Hub } from '../hub/hub.ts'
import { repoOf } from '../hub/repo.ts'
import { startHub } from '../hub/server.ts'
import { storeImage } from '../pipelines/store/store-image.ts'
import { contextFor, sampleBytes } from '../pipelines/weights/samples.ts'
import { toolPath } from '../tools/find.ts'

const files = {
  'config.json': '{}',
  'model.safetensors': sampleBytes(5_000_000, 'delivery'),
  'sub/tokenizer.json': '[]',
}

// A store, a registry on it, a hub, and the model's lock; podman pulls from the registry as a node would.
let folder: string
let store: Store
let registry: Registry
let hub: Hub
let weights: LockedWeights
let base: StoredLayer

describe('deliveries, with containers', () => {
  beforeAll(async () => {
    toolPath('podman')
    folder = await mkdtemp(join(tmpdir(), 'ingot-delivery-'))
    store = await openStore(join(folder, 'store'))
    registry = await serveStore(store)
    hub = await startHub([repoOf('acme/tiny', files)])
    weights = await inventoryWeights({ type: 'huggingface', repo: 'acme/tiny', revision: 'main' }, context())
    await busyboxTar(join(folder, 'busybox.tar'))
    const blob = await writeBlob(store, createReadStream(join(folder, 'busybox.tar')))
    const descriptor = { mediaType: mediaTypes.layer, digest: blob.digest, size: blob.sizeBytes }
    base = { descriptor, diffId: blob.digest, cause: 'busybox' }
  })

  afterAll(async () => {
    await podman('rmi', '--force', ...['baked', 'mounted', 'cached', 'weights', 'flat'].map(nameOf))
    await podman('volume', 'rm', '--force', 'ingot-test-cache')
    await registry.close()
    await hub.close()
    await closeStore(store)
    await rm(folder, { recursive: true })
  })

  test('baked: the files are in the image, whole', async () => {
    const layers = await packWeights(
      store,
      weights,
      planWeightLayers(weights.files, { modelFolder: '/models/tiny' }),
      context(),
    )
    await pulled('baked', [base, ...layers], {})
    await expectWhole('baked', [], '/models/tiny')
  })

  test('artifact: the weights alone, mounted as an image volume', async () => {
    const plan = planWeightLayers(weights.files, { modelFolder: '/models/tiny' })
    const stored = await packWeights(store, weights, plan, context())
    const packed = plan.flatMap((layer, i) => (stored[i] ? [{ plan: layer, stored: stored[i] }] : []))
    await storeImage(store, weightsImage(packed, weights, 'linux/amd64'), 'ingot-test/weights:1')
    await pull('weights')
    await expectWhole(
      'baked',
      ['--mount', `type=image,source=${nameOf('weights')},destination=/mnt`],
      '/mnt/models/tiny',
    )
  })

  test('mounted: refuses to start without the weights, and starts with them from a folder or an image', async () => {
    const guard = mountGuardFiles(weights.files, '/models/tiny').flatMap((file): WeightEntry[] =>
      file.type === 'file'
        ? [{ type: 'text', path: file.path.slice(1), text: file.content }]
        : [{ type: 'directory', path: `${file.path.slice(1)}/` }],
    )
    const layers = await packWeights(store, weights, [weightLayer('guard', guard)], context())
    await pulled('mounted', [base, ...layers], {
      Entrypoint: guardedEntrypoint(['/bin/cat', '/models/tiny/config.json']),
    })
    const bare = await runContainer(nameOf('mounted'), [], [])
    expect(bare).toMatchObject({ status: guardExitCode, out: '' })
    expect(bare.err).toContain('model.safetensors is missing')
    const model = join(folder, 'model')
    for (const [path, body] of Object.entries(files)) {
      await mkdir(dirname(join(model, path)), { recursive: true })
      await writeFile(join(model, path), body)
    }
    const fromFolder = [
      '--volume',
      `${model}:/models/tiny:ro`,
      '--env',
      'INGOT_WEIGHTS_CHECK=full',
      '--read-only',
      '--user',
      '54321:54321',
    ]
    expect(await runContainer(nameOf('mounted'), fromFolder, [])).toMatchObject({ status: 0, out: '{}' })
    const flat = await packWeights(
      store,
      weights,
      planWeightLayers(weights.files, { modelFolder: '/' }),
      context(),
    )
    await pulled('flat', flat, {})
    const fromImage = ['--mount', `type=image,source=${nameOf('flat')},destination=/models/tiny`]
    expect(await runContainer(nameOf('mounted'), fromImage, [])).toMatchObject({ status: 0, out: '{}' })
  })

  test('hf-cache: a named volume is filled from the image, links and all', async () => {
    const layers = await packWeights(
      store,
      weights,
      groupIntoLayers(hubCacheEntries(weights, '/cache/hub'), {}),
      context(),
    )
    await pulled('cached', [base, ...layers], { Volumes: { '/cache/hub': {} } })
    const volume = ['--volume', 'ingot-test-cache:/cache/hub']
    // The commit is pinned by the lock, so the folder is known.
    const commit = weights.source.type === 'huggingface' ? weights.source.commit : ''
    await expectWhole('cached', volume, `/cache/hub/models--acme--tiny/snapshots/${commit}`)
    const refs = await runContainer(nameOf('baked'), volume, [
      '/bin/cat',
      '/cache/hub/models--acme--tiny/refs/main',
    ])
    expect(refs.out).toBe(commit)
  })
})

function context() {
  return contextFor({ HF_ENDPOINT: hub.url })
}

function nameOf(name: string): string {
  return `127.0.0.1:${registry.port}/ingot-test/${name}:1`
}

async function pulled(name: string, layers: StoredLayer[], config: RuntimeConfig): Promise<void> {
  await storeImage(store, assembleImage(layers, config, 'linux/amd64', {}), `ingot-test/${name}:1`)
  await pull(name)
}

async function pull(name: string): Promise<void> {
  expect(await podman('pull', '--quiet', '--tls-verify=false', nameOf(name))).toMatchObject({ status: 0 })
}

/** `sha256sum -c` inside a container over the lines of the lock. */
async function expectWhole(image: string, options: string[], model: string): Promise<void> {
  const script = `cd ${model} && printf '%s' "$LINES" | sha256sum -c`
  const result = await runContainer(
    nameOf(image),
    [...options, '--env', `LINES=${checksumLines(weights.files)}`],
    ['/bin/sh', '-c', script],
  )
  expect(result).toMatchObject({ status: 0, out: weights.files.map((file) => `${file.path}: OK\n`).join('') })
}
