import { createHash } from 'node:crypto'
import { IngotError, messageOf } from '../../lib/error.ts'
import { WeightsError } from './error.ts'
import type { Archive, LayerDescriptor } from './oci-layers.ts'
import type { ArchiveListing } from './oci-tree.ts'
import { listTar } from './tar-files.ts'
import { unpack } from './unpack.ts'

/**
 * Reads a layer that is a tar from its first byte to its last, and gives what it holds; in words why it cannot be read.
 * Throws `hash-mismatch` for a layer of other bytes than its digest names.
 */
export async function readArchive(
  { layer, isImage }: Archive,
  chunks: AsyncIterable<Uint8Array>,
): Promise<ArchiveListing | string> {
  try {
    const { compression, plain } = await unpack(withDigest(layer, chunks))
    return { layer, isImage, compression, entries: await listTar(plain) }
  } catch (error) {
    if (error instanceof IngotError) throw error
    return `${layer.mediaType} (${layer.digest.slice(0, 19)}): ${messageOf(error)}`
  }
}

async function* withDigest(
  { digest }: LayerDescriptor,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  for await (const chunk of chunks) {
    hash.update(chunk)
    yield chunk
  }
  const found = `sha256:${hash.digest('hex')}`
  if (found === digest) return
  throw new WeightsError('hash-mismatch', {
    attempted: `read the layer ${digest}`,
    found: `the registry sent bytes with the digest ${found}`,
    hint: 'a registry, a proxy or a mirror changed it on its way: try again, or ask who runs them',
  })
}
