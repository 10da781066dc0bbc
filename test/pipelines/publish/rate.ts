import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { assembleImage, mediaTypes, type StoredLayer } from '../../../images/oci/oci.ts'
import { closeStore, openStore } from '../../../pipelines/store/open.ts'
import { resolveReference } from '../../../pipelines/store/reference.ts'
import { writeBlob } from '../../../pipelines/store/write.ts'
import { toolPath } from '../../tools/find.ts'
import { storeImage } from '../store/store-image.ts'
import { startDebianRegistry } from './debian-registry.ts'

// node test/pipelines/publish/rate.ts [MiB] [rounds]: seconds to push one layout to a fresh docker-registry, by each of three
// programs in turn, and our time over the faster of the others. docs/notes/publish.md has figures.

const [mebibytes = '1024', rounds = '3'] = process.argv.slice(2)
const run = promisify(execFile)
const folder = await mkdtemp(join(tmpdir(), 'ingot-rate-'))
const store = await openStore(join(folder, 'store'))
const [crane, skopeo] = [toolPath('crane'), toolPath('skopeo')]

const layers: StoredLayer[] = []
for (let index = 0; index < 4; index++) {
  const blob = await writeBlob(store, noise((Number(mebibytes) / 4) * 1024 ** 2))
  layers.push({
    descriptor: { mediaType: mediaTypes.layer, digest: blob.digest, size: blob.sizeBytes },
    diffId: blob.digest,
    cause: 'noise',
  })
}
const image = await storeImage(store, assembleImage(layers, {}, 'linux/amd64', {}), 'noise:v1')
const root = await resolveReference(store, image)
if (root === undefined) throw new Error('the image is not there')

const publisher = join(import.meta.dirname, 'publish-process.ts')
const pushers = {
  ingot: (host: string) => run(process.execPath, [publisher, store.root, image, `${host}/noise`, 'whole']),
  crane: (host: string) => run(crane, ['push', store.root, `${host}/noise:v1`, '--insecure']),
  skopeo: (host: string) =>
    run(skopeo, [
      'copy',
      '-q',
      '--dest-tls-verify=false',
      `oci:${store.root}:noise:v1`,
      `docker://${host}/noise:v1`,
    ]),
}

const seconds: Record<string, number[]> = { ingot: [], crane: [], skopeo: [] }
for (let round = 0; round < Number(rounds); round++)
  for (const [name, push] of round % 2 === 0 ? Object.entries(pushers) : Object.entries(pushers).reverse()) {
    const registry = await startDebianRegistry()
    const began = performance.now()
    await push(registry.host)
    seconds[name]?.push((performance.now() - began) / 1000)
    await registry.close()
  }

const best = Object.fromEntries(Object.entries(seconds).map(([name, list]) => [name, Math.min(...list)]))
const ratio = (best['ingot'] ?? 0) / Math.min(best['crane'] ?? 0, best['skopeo'] ?? 0)
console.log(JSON.stringify({ mebibytes: Number(mebibytes), seconds, best, ratio }, null, 2))
await closeStore(store)
await rm(folder, { recursive: true })

async function* noise(sizeBytes: number): AsyncGenerator<Uint8Array> {
  for (let left = sizeBytes; left > 0; left -= 1024 ** 2) yield randomBytes(Math.min(left, 1024 ** 2))
}
