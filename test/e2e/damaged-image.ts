import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import { createZstdDecompress, zstdCompressSync } from 'node:zlib'
import { extract, pack } from 'tar-stream'
import { assembleImage, mediaTypes, type StoredLayer } from '../../images/oci/oci.ts'
import { type Digest, digestOf } from '../../lib/digest.ts'
import { readBlob } from '../../pipelines/store/blobs.ts'
import { readImageConfig, readImageManifest } from '../../pipelines/store/image.ts'
import type { Store } from '../../pipelines/store/store.ts'
import { writeBlob } from '../../pipelines/store/write.ts'
import { storeImage } from '../pipelines/store/store-image.ts'

/** The same image with one file replaced by what `damage` makes of it, in a layer on top. */
export async function withDamage(
  store: Store,
  image: Digest,
  wanted: RegExp,
  damage: (content: Buffer) => Buffer,
): Promise<{ image: Digest; path: string }> {
  const [manifest, config] = await Promise.all([
    readImageManifest(store, image),
    readImageConfig(store, image),
  ])
  const found = await findFile(store, manifest.layers, wanted)
  const tar = pack()
  tar.entry({ name: found.path, mode: found.mode }, damage(found.content))
  tar.finalize()
  const bytes = await buffer(tar)
  const stored = await writeBlob(store, one(zstdCompressSync(bytes)))
  const layers: StoredLayer[] = manifest.layers.map((descriptor, index) => ({
    descriptor,
    diffId: config.rootfs.diff_ids[index] ?? digestOf(''),
    cause: 'as built',
  }))
  const descriptor = { mediaType: mediaTypes.layerZstd, digest: stored.digest, size: stored.sizeBytes }
  const damaged = [...layers, { descriptor, diffId: digestOf(bytes), cause: 'damage' }]
  return {
    image: await storeImage(store, assembleImage(damaged, config.config, 'linux/amd64', {})),
    path: `/${found.path}`,
  }
}

async function findFile(
  store: Store,
  layers: readonly { digest: Digest; mediaType: string }[],
  wanted: RegExp,
): Promise<{ path: string; mode: number; content: Buffer }> {
  for (const { digest, mediaType } of layers.toReversed()) {
    if (mediaType !== mediaTypes.layerZstd) continue
    const blob = readBlob(store, digest)
    const tar = extract()
    blob.pipe(createZstdDecompress()).pipe(tar)
    try {
      for await (const entry of tar) {
        const { name, type, mode } = entry.header
        if (type === 'file' && wanted.test(name))
          return { path: name, mode: mode ?? 0o644, content: await buffer(entry) }
        entry.resume()
      }
    } finally {
      // The file may be found before the layer ends, and its handle must not be left to the garbage collector.
      blob.destroy()
      if (!blob.closed) await once(blob, 'close')
    }
  }
  throw new Error(`no file of the image matches ${wanted}`)
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
