import { z } from 'zod'
import type { LayerEntry } from '../../images/attribution/layer-files.ts'
import { type RecordKind, recall, remember } from '../store/record.ts'
import type { Store } from '../store/store.ts'

/** Where listings of layers are kept between runs. */
export interface ListingCache {
  get(digest: string, withGpuCode: boolean): Promise<LayerEntry[] | undefined>
  set(digest: string, withGpuCode: boolean, entries: readonly LayerEntry[]): Promise<void>
}

/** Raised when entries get another shape or are found in another way. */
const listingVersion = 1

const entriesSchema = z.array(
  z.object({
    path: z.string(),
    type: z.enum(['file', 'hardlink', 'link', 'folder', 'other']),
    sizeBytes: z.number(),
    mode: z.number(),
    target: z.string().exactOptional(),
    sha256: z.string().exactOptional(),
    gpuCode: z.record(z.string(), z.number()).exactOptional(),
  }),
) satisfies z.ZodType<LayerEntry[]>

interface ListingRecord {
  listingVersion: typeof listingVersion
  gpuCode: boolean
  /** JSON in a line: a record is indented, which would double a hundred thousand entries. */
  entries: string
}

const listingKind: RecordKind<ListingRecord> = {
  name: 'layer-files',
  schema: z.object({
    listingVersion: z.literal(listingVersion),
    gpuCode: z.boolean(),
    entries: z.string(),
  }),
}

/**
 * Listings of layers beside them in the store: a layer never changes, so it is read once in its life. The key is the
 * layer's digest, by which the listing goes when the layer does.
 */
export function storedListings(store: Store): ListingCache {
  return {
    async get(digest, withGpuCode) {
      const listing = await recall(store, listingKind, digest)
      if (listing === undefined || (withGpuCode && !listing.gpuCode)) return undefined
      const entries = entriesIn(listing)
      return withGpuCode ? entries : entries?.map(({ gpuCode: _, ...entry }) => entry)
    },
    async set(digest, withGpuCode, entries) {
      const listing = { listingVersion, gpuCode: withGpuCode, entries: JSON.stringify(entries) } as const
      // A note only: where it cannot be kept, the layer is read again.
      await remember(store, listingKind, digest, listing).catch(() => undefined)
    },
  }
}

/** A layer whose listing is of another shape is read again. */
function entriesIn({ entries }: ListingRecord): LayerEntry[] | undefined {
  try {
    return entriesSchema.safeParse(JSON.parse(entries)).data
  } catch {
    return undefined
  }
}
