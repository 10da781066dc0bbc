import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { extract, type Header } from 'tar-stream'
import { type Descriptor, mediaTypes } from '../../images/oci/oci.ts'
import type { ScannedEntry } from '../../images/plan/scan-policy.ts'
import { IngotError } from '../../lib/error.ts'
import { corruptBlob, readBlob } from '../store/blobs.ts'
import { damageOf } from '../store/damage.ts'
import type { Store } from '../store/store.ts'

/** Called for every entry in turn. */
export type EntryVisitor = (entry: ScannedEntry, content: AsyncIterable<Uint8Array>) => Promise<void>

/** Streams a layer through `visit`; memory does not grow with its size. Throws `corrupt-blob` for a damaged one. */
export async function visitLayer(store: Store, layer: Descriptor, visit: EntryVisitor): Promise<void> {
  const entries = extract()
  const bytes = readBlob(store, layer.digest)
  const unpacked =
    layer.mediaType === mediaTypes.layerZstd
      ? pipeline(bytes, createZstdDecompress(), entries)
      : layer.mediaType === mediaTypes.layerGzip
        ? pipeline(bytes, createGunzip(), entries)
        : pipeline(bytes, entries)
  try {
    await Promise.all([unpacked, visitEntries(entries, visit)])
  } catch (error) {
    throw (await isDamaged(store, layer, error)) ? corruptBlob(store, layer.digest) : error
  }
}

/** Wrong bytes fail to unpack before their hash is known. */
async function isDamaged(store: Store, { digest, size }: Descriptor, error: unknown): Promise<boolean> {
  if (error instanceof IngotError) return false
  return (await damageOf(store, { digest, size }, { by: 'hash' })) !== undefined
}

async function visitEntries(entries: ReturnType<typeof extract>, visit: EntryVisitor): Promise<void> {
  for await (const entry of entries) {
    // tar-stream's types say only that something comes; it is buffers.
    await visit(entryOf(entry.header), entry as AsyncIterable<Uint8Array>)
    // What the visitor left; the next entry comes only after it.
    entry.resume()
  }
}

const types: Record<string, ScannedEntry['type']> = {
  file: 'file',
  'contiguous-file': 'file',
  // A second name of a file: its mode is the file's.
  link: 'file',
  directory: 'folder',
  symlink: 'link',
}

function entryOf({ name, type, mode, linkname, pax }: Header): ScannedEntry {
  return {
    path: `/${name.replace(/^(\.?\/)*/, '').replace(/\/$/, '')}`,
    type: types[type ?? 'file'] ?? 'other',
    mode: mode ?? 0,
    ...(type === 'symlink' && linkname ? { linkTarget: linkname } : {}),
    hasCapabilities: Object.keys(pax ?? {}).some((key) => key.endsWith('security.capability')),
  }
}
