import { open } from 'node:fs/promises'
import { z } from 'zod'
import { tarSegments, type WeightLayer } from '../../images/weights/layers.ts'
import { type Digest, isDigest } from '../../lib/digest.ts'
import type { WeightFile } from '../../recipes/weights.ts'
import { blobPath } from '../store/blobs.ts'
import { intactBytes } from '../store/damage.ts'
import { readCache, writeRecord } from '../store/record.ts'
import type { Store } from '../store/store.ts'
import type { LocalFile } from './source.ts'

const kind = 'weight-file'

/** A record costs as much as fetching a file of this size again. */
const worthRememberingBytes = 1_000_000

const placeSchema = z.object({
  blob: z.custom<Digest>((value) => typeof value === 'string' && isDigest(value)),
  offset: z.int().nonnegative(),
})

/** Notes where the files of a stored layer are, from a size on, so that another layout of the same model is packed from there. */
export async function rememberFiles(
  store: Store,
  layer: WeightLayer,
  blob: Digest,
  leastBytes = worthRememberingBytes,
): Promise<void> {
  let offset = 0
  for (const segment of tarSegments(layer)) {
    if (segment.type === 'file' && segment.sizeBytes >= leastBytes)
      await writeRecord(store, kind, segment.file.sha256, { blob, offset })
    offset += segment.sizeBytes
  }
}

/** Whether the store may have a file's bytes in some layer: it does not note where it has small ones. */
export async function isKnownFile(store: Store, file: WeightFile): Promise<boolean> {
  return file.sizeBytes < worthRememberingBytes || (await placeOf(store, file)) !== undefined
}

/** A file whose bytes the store has in some layer, or undefined. They are hashed again on the way, as any others. */
export async function openKnownFile(store: Store, file: WeightFile): Promise<LocalFile | undefined> {
  const place = await placeOf(store, file)
  if (!place) return undefined
  const handle = await open(blobPath(store, place.blob), 'r')
  const end = place.offset + file.sizeBytes
  return {
    read: async (target, position) => {
      const from = place.offset + position
      return (await handle.read(target, 0, Math.min(target.length, end - from), from)).bytesRead
    },
    close: () => handle.close(),
  }
}

async function placeOf(store: Store, file: WeightFile): Promise<z.infer<typeof placeSchema> | undefined> {
  const { data: place } = placeSchema.safeParse(await readCache(store, kind, file.sha256))
  const isThere =
    place && ((await intactBytes(store, { digest: place.blob })) ?? 0) >= place.offset + file.sizeBytes
  return isThere ? place : undefined
}
