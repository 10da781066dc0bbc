import { tmpdir } from 'node:os'
import type { Digest } from '../../lib/digest.ts'
import type { LockedFile, PinnedSourceOf } from '../../recipes/locked-weights.ts'
import { readBlobFrom, readBlobRange } from '../registry-client/read.ts'
import type { RegistrySession } from '../registry-client/session.ts'
import { type ChosenManifest, manifestOf, openRegistry } from './oci-manifest.ts'
import type { OpenWeights, SourceSession } from './source.ts'
import { openSpool, type Spool } from './spool.ts'
import { type Compression, unpackAs } from './unpack.ts'

type Packing = Exclude<Compression, 'none'>

/**
 * Reads files by range out of layers; `from` is `LAYER/OFFSET` as the inventory wrote it. A layer with its packing behind that is
 * unpacked to disk once, from the first file on that is read of it, and files are read as far as it has come.
 */
export async function openOci(pinned: PinnedSourceOf<'oci'>, context: SourceSession): Promise<OpenWeights> {
  const stop = new AbortController()
  const signal = context.signal ? AbortSignal.any([context.signal, stop.signal]) : stop.signal
  const { session } = openRegistry(pinned.reference, { ...context, signal })
  const folder = context.scratchFolder ?? tmpdir()
  const spools = new Map<string, Promise<Spool>>()
  let manifest: Promise<ChosenManifest> | undefined
  const spoolOf = (layer: Digest, packed: Packing) => {
    manifest ??= manifestOf(session, pinned.digest)
    const spool =
      spools.get(layer) ?? manifest.then((found) => spoolLayer(session, found, { layer, packed, folder }))
    spools.set(layer, spool)
    return spool
  }
  return {
    read: (file, offset) => {
      const [hex, start = '0', packed] = file.from?.split('/') ?? [file.sha256]
      const layer: Digest = `sha256:${hex}`
      const base = Number(start)
      const range = { start: base + offset, end: base + file.sizeBytes }
      return packed === 'gzip' || packed === 'zstd'
        ? readSpool(spoolOf(layer, packed), range)
        : readBlobRange(session, layer, range)
    },
    close: async () => {
      stop.abort()
      await Promise.allSettled([...spools.values()].map(async (spool) => (await spool).close()))
    },
  }
}

/** Room that packed layers take on disk while files are read out of them, as far as those lie. */
export function unpackedBytes(files: readonly LockedFile[]): number {
  const ends = new Map<string, number>()
  for (const { from = '', sizeBytes } of files) {
    const [layer = '', start, packed] = from.split('/')
    if (packed === 'gzip' || packed === 'zstd')
      ends.set(layer, Math.max(ends.get(layer) ?? 0, Number(start) + sizeBytes))
  }
  return [...ends.values()].reduce((sum, end) => sum + end, 0)
}

async function* readSpool(
  spool: Promise<Spool>,
  { start, end }: { start: number; end: number },
): AsyncGenerator<Uint8Array> {
  yield* (await spool).read(start, end)
}

interface PackedBlob {
  layer: Digest
  packed: Packing
  folder: string
}

/** A layer that the manifest has no more gets no bytes: its size says how much to read. */
function spoolLayer(
  session: RegistrySession,
  { manifest }: ChosenManifest,
  { layer, packed, folder }: PackedBlob,
): Promise<Spool> {
  const size = manifest.layers?.find(({ digest }) => digest === layer)?.size ?? 0
  const chunks = unpackAs(readBlobFrom(session, { digest: layer, size }, 0), packed)
  return openSpool(chunks, { folder, what: `the layer ${layer.slice(0, 19)}` })
}
