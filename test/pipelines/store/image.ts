import { createHash, randomBytes } from 'node:crypto'
import { type Descriptor, mediaTypes } from '../../../images/oci/oci.ts'
import type { Digest } from '../../../lib/digest.ts'
import type { StoredBlob } from '../../../pipelines/store/draft.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { writeBlob, writeBlobText } from '../../../pipelines/store/write.ts'

/** Random bytes in pieces of this size, as a network gives them. */
export async function* pieces(content: Uint8Array, sizeBytes = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < content.byteLength; start += sizeBytes)
    yield content.subarray(start, start + sizeBytes)
}

export async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

export function sha256(content: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

export interface ScratchImage {
  descriptor: Descriptor
  config: StoredBlob
  layer: StoredBlob
}

/** An image of one random layer, without a reference. Its layer is no tar: the store does not look inside. */
export async function scratchImage(store: Store, layerBytes = 1000): Promise<ScratchImage> {
  const layer = await writeBlob(store, pieces(randomBytes(layerBytes)))
  const config = await writeBlobText(store, JSON.stringify({ note: layer.digest }))
  const descriptor = await writeDocument(store, mediaTypes.manifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, digest: config.digest, size: config.sizeBytes },
    layers: [{ mediaType: mediaTypes.layer, digest: layer.digest, size: layer.sizeBytes }],
  })
  return { descriptor, config, layer }
}

export async function writeDocument(store: Store, mediaType: string, value: object): Promise<Descriptor> {
  const { digest, sizeBytes } = await writeBlobText(store, JSON.stringify(value))
  return { mediaType, digest, size: sizeBytes }
}
