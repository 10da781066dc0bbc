import { z } from 'zod'
import type { LayerEntry } from '../../images/attribution/layer-files.ts'
import { readCache, writeRecord } from '../store/record.ts'
import type { Store } from '../store/store.ts'

/** Where listings of layers are kept between runs. */
export interface ListingCache {
  get(digest: string, withGpuCode: boolean): Promise<LayerEntry[] | undefined>
  set(digest: string, withGpuCode: boolean, entries: readonly LayerEntry[]): Promise<void>
}

const kind = 'layer-files'
/** Raised when entries get another shape or are found in another way. */
const listingVersion = 1

const recordSchema = z.object({
  listingVersion: z.literal(listingVersion),
  gpuCode: z.boolean(),
  /** JSON in a line: a record is indented, which would double a hundred thousand entries. */
  entries: z.string(),
})

/**
 * Listings of layers beside them in the store: a layer never changes, so it is read once in its life. The key is the
 * layer's digest, by which the listing goes when the layer does.
 */
export function storedListings(store: Store): ListingCache {
  return {
    async get(digest, withGpuCode) {
      const parsed = recordSchema.safeParse(await readCache(store, kind, digest))
      if (!parsed.success || (withGpuCode && !parsed.data.gpuCode)) return undefined
      // Only `set` writes records of this kind and version.
      const entries = JSON.parse(parsed.data.entries) as LayerEntry[]
      return withGpuCode ? entries : entries.map(({ gpuCode: _, ...entry }) => entry)
    },
    async set(digest, withGpuCode, entries) {
      const record = { listingVersion, gpuCode: withGpuCode, entries: JSON.stringify(entries) }
      await writeRecord(store, kind, digest, record)
    },
  }
}
