import { z } from 'zod'
import { type Digest, hexOf, isDigest } from '../../lib/digest.ts'
import { recall, remember, touchRecord } from './record.ts'
import type { Store } from './store.ts'

/**
 * A blob whose bytes lie inside of another: a file of a model in the uncompressed tar of its layer, which lies on the disk once. Garbage
 * collection keeps the layer as long as an image reaches the slice, and forgets the slice with its layer.
 */
export interface Slice {
  layer: Digest
  /** Offset of its first byte in the layer. */
  start: number
  sizeBytes: number
}

const kind = {
  name: 'slice',
  schema: z.object({
    layer: z.custom<Digest>((value) => typeof value === 'string' && isDigest(value)),
    start: z.int().nonnegative(),
    sizeBytes: z.int().nonnegative(),
  }),
}

export async function rememberSlice(store: Store, digest: Digest, slice: Slice): Promise<void> {
  const known = await sliceOf(store, digest)
  const isSame = known?.layer === slice.layer && known.start === slice.start
  if (isSame && known.sizeBytes === slice.sizeBytes) await touchRecord(store, kind.name, hexOf(digest))
  else await remember(store, kind, hexOf(digest), slice)
}

/** Where the bytes of this digest are, if they are a part of another blob; whether that one is here is not asked. */
export function sliceOf(store: Store, digest: Digest): Promise<Slice | undefined> {
  return recall(store, kind, hexOf(digest))
}
