import { IngotError, messageOf } from '../../lib/error.ts'
import { isSafePath } from '../../recipes/locked-weights.ts'
import type { LayerDescriptor, ReadLayers } from './oci-layers.ts'
import { listTar } from './tar-files.ts'

/** What becomes of the members of a layer that is a tar: files, and what no lock can hold. */
export async function archiveMembers(
  layer: LayerDescriptor,
  chunks: AsyncIterable<Uint8Array>,
): Promise<Pick<ReadLayers, 'files' | 'skipped' | 'unread'>> {
  const hex = layer.digest.slice('sha256:'.length)
  const label = `${layer.mediaType} (${layer.digest.slice(0, 19)})`
  const listing = await listTar(chunks).catch((error: unknown) => {
    if (error instanceof IngotError) throw error
    return messageOf(error)
  })
  if (typeof listing === 'string') return { files: [], skipped: [], unread: [`${label}: ${listing}`] }
  const unsafe = listing.files.filter(({ path }) => !isSafePath(path))
  return {
    files: listing.files
      .filter(({ path }) => isSafePath(path))
      .map(({ offset, ...file }) => ({ ...file, from: `${hex}/${offset}` })),
    skipped: listing.others.map((path) => ({
      path,
      sizeBytes: 0,
      reason: 'a link or a device in an archive, and no file',
    })),
    unread: unsafe.map(
      ({ path }) => `${label}: its member ${JSON.stringify(path)} leads out of the model's folder`,
    ),
  }
}
