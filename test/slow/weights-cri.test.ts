import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { assembleImage, mediaTypes, type RuntimeConfig, type StoredLayer } from '../../images/oci/oci.ts'
import { weightsImage } from '../../images/weights/artifact.ts'
import { planWeightLayers } from '../../images/weights/layers.ts'
import { type Registry, serveStore } from '../../pipelines/registry-server/server.ts'
import { closeStore, openStore } from '../../pipelines/store/open.ts'
import type { Store } from '../../pipelines/store/store.ts'
import { writeBlob } from '../../pipelines/store/write.ts'
import { inventoryWeights } from '../../pipelines/weights/inventory.ts'
import { packWeights } from '../../pipelines/weights/pack.ts'
import { checksumLines } from '../../recipes/weights.ts'
import { type Cri, startContainerd } from '../e2e/cri.ts'
import { busyboxTar } from '../e2e/weights-podman.ts'
import { storeImage } from '../pipelines/store/store-image.ts'
import { contextFor, sampleBytes } from '../pipelines/weights/samples.ts'

let folder: string
let store: Store
let registry: Registry
let cri: Cri

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-cri-store-'))
  store = await openStore(join(folder, 'store'))
  registry = await serveStore(store)
  await busyboxTar(join(folder, 'busybox.tar'))
  const { digest, sizeBytes } = await writeBlob(store, createReadStream(join(folder, 'busybox.tar')))
  const descriptor = { mediaType: mediaTypes.layer, digest, size: sizeBytes }
  const base = { descriptor, diffId: digest, cause: 'busybox' }
  await storeServer('pause', [base], { Entrypoint: ['/bin/busybox', 'sleep', '3600'] })
  await storeServer('server', [base], {})
  cri = await startContainerd(nameOf('pause'))
})

afterAll(async () => {
  await cri.close()
  await registry.close()
  await closeStore(store)
  await rm(folder, { recursive: true, force: true })
})

function nameOf(name: string): string {
  return `127.0.0.1:${registry.port}/ingot-test/${name}:1`
}

async function storeServer(name: string, layers: StoredLayer[], config: RuntimeConfig): Promise<void> {
  await storeImage(store, assembleImage(layers, config, 'linux/amd64', {}), `ingot-test/${name}:1`)
}

/** The weights as an image of their own, packed for this model folder. */
async function storeWeights(name: string, modelFolder: string) {
  const model = join(folder, 'model')
  await mkdir(join(model, 'sub'), { recursive: true })
  await writeFile(join(model, 'model.safetensors'), sampleBytes(5_000_000, 'cri'))
  await writeFile(join(model, 'sub/tokenizer.json'), '[]')
  const weights = await inventoryWeights({ type: 'folder', path: model }, contextFor())
  const plan = planWeightLayers(weights.files, { modelFolder, smallFileBytes: 1_000_000 })
  const stored = await packWeights(store, weights, plan, contextFor())
  const packed = plan.flatMap((layer, i) => (stored[i] ? [{ plan: layer, stored: stored[i] }] : []))
  await storeImage(store, weightsImage(packed, weights, 'linux/amd64'), `ingot-test/${name}:1`)
  return weights
}

test.each([
  ['with subPath', 'weights', '/models/tiny', 'models/tiny'],
  ['as the model folder itself', 'flat', '/', ''],
])(
  'a weights image is an image volume of a pod, %s: every byte is there, for another user, read-only',
  async (_, name, modelFolder, subPath) => {
    const weights = await storeWeights(name, modelFolder)
    const script = 'cd /models/tiny && printf %s "$LINES" | sha256sum -c; echo x 2>&1 > new || echo refused'
    const { exitCode, output } = await cri.run({
      image: nameOf('server'),
      command: ['/bin/sh', '-c', script],
      environment: { LINES: checksumLines(weights.files) },
      mounts: [{ path: '/models/tiny', image: nameOf(name), subPath }],
    })
    expect(output).toContain('model.safetensors: OK\nsub/tokenizer.json: OK\n')
    expect(output).toContain('Read-only file system')
    expect({ exitCode, refused: output.endsWith('refused\n') }).toEqual({ exitCode: 0, refused: true })
  },
)
