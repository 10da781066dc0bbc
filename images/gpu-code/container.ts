import { type ByteReader, readU64, viewOf } from '../elf/reader.ts'
import { type Architecture, architectureOf, type Portability } from './architecture.ts'

/**
 * The container nvcc embeds ("fatbin"): 16 bytes of header, then entries of a header and a payload each. NVIDIA does not
 * document it; field places follow public readers (gpuocelot, cuda-fatbin-decompression), and every rule here was held
 * against cuobjdump 13.5 over seven wheels (docs/slimming.md).
 */
export const containerMagic = 0xba55ed50
export const containerHeaderBytes = 16
export const leastEntryHeaderBytes = 64

export const entryKinds = { ptx: 1, cubin: 2 } as const

/** Bits of an entry's flags. `exact` and `family` were found by comparing with the names cuobjdump gives. */
export const entryFlags = { lz4: 0x2000, zstd: 0x8000, exact: 0x100000, family: 0x200000 } as const

export interface CodeEntry {
  kind: 'cubin' | 'ptx' | 'other'
  architecture: Architecture
  /** Offset of the entry's header in the file. */
  offset: number
  headerBytes: number
  /** Bytes of the payload in the file, padding included. */
  payloadBytes: number
  compression: 'none' | 'lz4' | 'zstd'
  /** Lower half of the flags as they stand in the file. */
  flags: number
  /** Bytes after decompression. */
  unpackedBytes: number
}

export interface CodeContainer {
  offset: number
  /** Header and entries together. */
  sizeBytes: number
  section: string
  entries: CodeEntry[]
}

/** The container at an offset, or null when the bytes there only look like one. Never reads beyond `end`. */
export async function readContainer(
  reader: ByteReader,
  offset: number,
  end: number,
  section: string,
): Promise<CodeContainer | null> {
  if (offset + containerHeaderBytes > end) return null
  const view = viewOf(await reader.read(offset, containerHeaderBytes))
  if (view.getUint32(0, true) !== containerMagic) return null
  if (view.getUint16(4, true) !== 1 || view.getUint16(6, true) !== containerHeaderBytes) return null
  const bodyBytes = view.getBigUint64(8, true)
  if (bodyBytes > BigInt(end - offset - containerHeaderBytes)) return null
  const sizeBytes = containerHeaderBytes + Number(bodyBytes)
  const entries = await readEntries(reader, offset + containerHeaderBytes, offset + sizeBytes)
  return entries && { offset, sizeBytes, section, entries }
}

async function readEntries(reader: ByteReader, start: number, end: number): Promise<CodeEntry[] | null> {
  const entries: CodeEntry[] = []
  for (let at = start; at < end; ) {
    if (at + leastEntryHeaderBytes > end) return null
    const entry = parseEntry(viewOf(await reader.read(at, leastEntryHeaderBytes)), at)
    const next = at + entry.headerBytes + entry.payloadBytes
    if (entry.headerBytes < leastEntryHeaderBytes || next > end) return null
    entries.push(entry)
    at = next
  }
  return entries
}

function parseEntry(view: DataView, offset: number): CodeEntry {
  const kind = view.getUint16(0, true)
  // Of the 64 flag bits only the lower 26 were seen set.
  const flags = view.getUint32(40, true)
  const payloadBytes = readU64(view, 8)
  const compression = flags & entryFlags.zstd ? 'zstd' : flags & entryFlags.lz4 ? 'lz4' : 'none'
  return {
    kind: kind === entryKinds.cubin ? 'cubin' : kind === entryKinds.ptx ? 'ptx' : 'other',
    architecture: architectureOf(view.getUint32(28, true), portabilityOf(flags)),
    offset,
    headerBytes: view.getUint32(4, true),
    payloadBytes,
    compression,
    flags,
    unpackedBytes: compression === 'none' ? payloadBytes : readU64(view, 56),
  }
}

function portabilityOf(flags: number): Portability {
  if (flags & entryFlags.exact) return 'exact'
  return flags & entryFlags.family ? 'family' : 'portable'
}
