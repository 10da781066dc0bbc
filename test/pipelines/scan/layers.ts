import { createHash } from 'node:crypto'
import { zstdCompressSync } from 'node:zlib'
import { type Header, pack } from 'tar-stream'
import { type Descriptor, mediaTypes, type StoredLayer } from '../../../images/oci/oci.ts'
import type { Digest } from '../../../lib/digest.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { writeBlob } from '../../../pipelines/store/write.ts'

/** An entry of a layer: a file by its text, or any other by its header. */
export type Entry = Partial<Header> & { name: string; text?: string | Buffer }

/** A layer with these entries, packed by a program nobody here wrote, under zstd like those of a build. */
export async function layerOf(store: Store, entries: readonly Entry[]): Promise<StoredLayer> {
  const tar = pack()
  for (const { text, ...header } of entries) tar.entry({ mtime: new Date(1000), ...header }, text ?? '')
  tar.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of tar) chunks.push(Buffer.from(chunk as Uint8Array))
  const bytes = Buffer.concat(chunks)
  const diffId: Digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  const { digest, sizeBytes } = await writeBlob(store, one(zstdCompressSync(bytes)))
  const descriptor: Descriptor = { mediaType: mediaTypes.layerZstd, digest, size: sizeBytes }
  return { descriptor, diffId, cause: 'test' }
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
