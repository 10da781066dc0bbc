import { z } from 'zod'
import { type Digest, hexOf } from '../../lib/digest.ts'
import { missingBlob, statBlob } from './blobs.ts'
import { StoreError } from './error.ts'
import { readCache, writeRecord } from './record.ts'
import type { Store } from './store.ts'

const kind = 'foreign-blob'
const recordSchema = z.object({ sizeBytes: z.int().nonnegative(), repository: z.string() })

/** A blob that an image of the store needs and that only a registry has. `repository` is HOST/NAME. */
export type ForeignBlob = z.infer<typeof recordSchema>

export async function rememberForeign(store: Store, digest: Digest, blob: ForeignBlob): Promise<void> {
  await writeRecord(store, kind, hexOf(digest), blob)
}

export async function foreignBlob(store: Store, digest: Digest): Promise<ForeignBlob | undefined> {
  return recordSchema.safeParse(await readCache(store, kind, hexOf(digest))).data
}

/** Size of a blob here or in a registry, or undefined when neither has it. */
export async function knownBytes(store: Store, digest: Digest): Promise<number | undefined> {
  return (await statBlob(store, digest)) ?? (await foreignBlob(store, digest))?.sizeBytes
}

/** Throws `missing-blob` when the bytes are not on this machine, with the way to them. */
export async function requireHere(store: Store, digest: Digest): Promise<void> {
  if ((await statBlob(store, digest)) !== undefined) return
  const foreign = await foreignBlob(store, digest)
  if (foreign === undefined) throw missingBlob(digest)
  throw new StoreError('missing-blob', {
    attempted: `read ${digest}`,
    found: `it was reused from ${foreign.repository} without a download, so its bytes are not here`,
    hint: `publish to the host of ${foreign.repository}, or run \`ingot verify\`, which fetches them`,
  })
}
