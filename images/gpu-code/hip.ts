import type { ElfFile } from '../elf/file.ts'
import { loadedReader } from '../elf/loaded.ts'
import { type ByteReader, readU64, viewOf } from '../elf/reader.ts'
import type { ByteSpan, Edit, Range } from '../elf/spans.ts'
import { type CodeObject, findCodeObjects, readCodeObject } from './code-object.ts'
import { codeFor } from './processors.ts'

/**
 * Code for AMD's GPUs: the section `.hip_fatbin` has bundles of clang, one a source file, each with a table and a code object for every
 * processor (Clang documentation, "Clang Offload Bundler"). Compressed bundles (`CCOB`) are counted and left as they are.
 */
export const hipSection = '.hip_fatbin'
const magic = new TextEncoder().encode('__CLANG_OFFLOAD_BUNDLE__')
const compressedMagic = new TextEncoder().encode('CCOB')
const tableBytes = magic.length + 8
const entryBytes = 24
const mostEntries = 1000
const mostIdBytes = 1000
/** Bundles begin at pages; 16 leaves room for compilers that pack tighter. */
const alignment = 16

/** One code object, by its virtual address: bundles name places in memory, and a slimmed file has holes between them. */
export interface HipEntry {
  /** `hipv4-amdgcn-amd-amdhsa--gfx90a:xnack-`, or the host's, which is empty. */
  id: string
  /** `gfx90a`; null for the host. */
  processor: string | null
  offset: number
  sizeBytes: number
}

export interface HipBundle {
  offset: number
  /** Bytes of magic and table. */
  headBytes: number
  entries: HipEntry[]
}

export interface HipCode {
  bundles: HipBundle[]
  /** Compressed ones, which are not read. */
  compressed: number
  /** Code objects outside of bundles. */
  objects: CodeObject[]
}

/** All code for AMD's GPUs in a library, by address, or in a file that is a code object itself. */
export async function findHipCode(file: ByteReader, elf: ElfFile): Promise<HipCode> {
  const section = hipRange(elf)
  const whole = await readCodeObject(file, elf)
  const objects = whole === undefined ? await findCodeObjects(file, elf, section) : [whole]
  const code: HipCode = { bundles: [], compressed: 0, objects }
  const memory = loadedReader(file, elf)
  const { start, end } = section
  for (let at = start; at < end; ) {
    const found = await nextHead(memory, at, end)
    if (found === null) break
    const bundle = found.isCompressed ? null : await readBundle(memory, found.at, end)
    if (bundle !== null) code.bundles.push(bundle)
    else if (found.isCompressed) code.compressed += 1
    at = bundle === null ? found.at + alignment : Math.ceil(endOf(bundle) / alignment) * alignment
  }
  return code
}

const chunkBytes = 1 << 20

/** The next bytes that begin as a bundle does. Looks at the likely place first, so that a walk reads no code object. */
async function nextHead(
  memory: ByteReader,
  start: number,
  end: number,
): Promise<{ at: number; isCompressed: boolean } | null> {
  let length = 4096
  for (let at = start; at + tableBytes <= end; length = chunkBytes) {
    const chunk = await memory.read(at, Math.min(length, end - at))
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    const [plain, packed] = [magic, compressedMagic].map((wanted) => alignedIndex(bytes, wanted, at))
    if (plain !== undefined && (packed === undefined || plain < packed))
      return { at: at + plain, isCompressed: false }
    if (packed !== undefined) return { at: at + packed, isCompressed: true }
    // A head that began at the end of the chunk is read again.
    at += Math.max(alignment, chunk.length - magic.length)
  }
  return null
}

function alignedIndex(bytes: Buffer, wanted: Uint8Array, address: number): number | undefined {
  let hit = bytes.indexOf(wanted)
  while (hit >= 0 && (address + hit) % alignment !== 0) hit = bytes.indexOf(wanted, hit + 1)
  return hit < 0 ? undefined : hit
}

/** Addresses of the section; a file with holes has it in parts. */
function hipRange({ sections }: ElfFile): Range {
  const parts = sections.filter(({ name }) => name === hipSection)
  if (parts.length === 0) return { start: 0, end: 0 }
  return {
    start: Math.min(...parts.map(({ address }) => address)),
    end: Math.max(...parts.map(({ address, sizeBytes }) => address + sizeBytes)),
  }
}

/** Null for bytes that only begin as a bundle; what is named must lie between its head and the section's end. */
async function readBundle(reader: ByteReader, offset: number, end: number): Promise<HipBundle | null> {
  const count = readU64(viewOf(await reader.read(offset, tableBytes)), magic.length)
  if (count === 0 || count > mostEntries) return null
  const entries: HipEntry[] = []
  let at = offset + tableBytes
  for (let index = 0; index < count; index += 1) {
    if (at + entryBytes > end) return null
    const view = viewOf(await reader.read(at, entryBytes))
    const [from, sizeBytes, idBytes] = [readU64(view, 0), readU64(view, 8), readU64(view, 16)]
    if (idBytes > mostIdBytes || at + entryBytes + idBytes > end || offset + from + sizeBytes > end)
      return null
    const id = new TextDecoder().decode(await reader.read(at + entryBytes, idBytes))
    entries.push({ id, processor: processorOf(id), offset: offset + from, sizeBytes })
    at += entryBytes + idBytes
  }
  const bundle = { offset, headBytes: at - offset, entries }
  return entries.every((entry) => entry.sizeBytes === 0 || entry.offset >= at) ? bundle : null
}

function endOf({ offset, headBytes, entries }: HipBundle): number {
  return Math.max(offset + headBytes, ...entries.map((entry) => entry.offset + entry.sizeBytes))
}

function processorOf(id: string): string | null {
  return /--(gfx[0-9a-z-]+)/.exec(id)?.[1] ?? null
}

/**
 * The entries of a bundle that a processor takes: those for itself with every set of features, else generic ones of its family. The
 * host's stays always.
 */
export function hipEntriesFor({ entries }: HipBundle, processors: readonly string[]): HipEntry[] {
  const isTaken = codeFor(
    entries.map(({ processor }) => processor),
    processors,
  )
  return entries.filter(({ processor }) => processor === null || isTaken(processor))
}

/**
 * The bundle with a shorter table, in addresses; code objects keep their places, and the bytes of those that go become zeros. Null when nothing goes.
 * A bundle without any for the processors keeps its host entry, so that the runtime finds none for the device, as it would in stock.
 */
export function compactBundle(
  bundle: HipBundle,
  processors: readonly string[],
): { edits: Edit[]; freed: Range[] } | null {
  const kept = hipEntriesFor(bundle, processors)
  const gone = bundle.entries.filter((entry) => !kept.includes(entry))
  if (gone.length === 0) return null
  const head = encodeHead(bundle, kept)
  const rest: ByteSpan[] = [{ type: 'zeros', length: bundle.headBytes - head.length }]
  const freed = joined(gone.map(rangeOf), kept.map(rangeOf))
  return {
    edits: [
      {
        at: bundle.offset,
        spans: [
          { type: 'bytes', bytes: head },
          ...rest.filter(({ type }) => type !== 'zeros' || bundle.headBytes > head.length),
        ],
      },
      ...freed.map(
        ({ start, end }): Edit => ({ at: start, spans: [{ type: 'zeros', length: end - start }] }),
      ),
    ],
    freed,
  }
}

function rangeOf({ offset, sizeBytes }: HipEntry): Range {
  return { start: offset, end: offset + sizeBytes }
}

/** Ranges that nothing kept lies in; neighbours and the padding between them become one, as a loader maps each hole by itself. */
function joined(gone: readonly Range[], kept: readonly Range[]): Range[] {
  const isFree = ({ start, end }: Range) => !kept.some((one) => one.start < end && start < one.end)
  const all: Range[] = []
  for (const range of gone
    .filter((one) => one.end > one.start && isFree(one))
    .sort((a, b) => a.start - b.start)) {
    const last = all.at(-1)
    const both = last && { start: last.start, end: Math.max(last.end, range.end) }
    if (both && isFree(both)) all.splice(-1, 1, both)
    else all.push(range)
  }
  return all
}

function encodeHead({ offset }: HipBundle, entries: readonly HipEntry[]): Uint8Array {
  const ids = entries.map(({ id }) => new TextEncoder().encode(id))
  const length = ids.reduce((sum, id) => sum + entryBytes + id.length, tableBytes)
  const bytes = new Uint8Array(length)
  const view = viewOf(bytes)
  bytes.set(magic)
  view.setBigUint64(magic.length, BigInt(entries.length), true)
  let at = tableBytes
  entries.forEach((entry, index) => {
    const id = ids[index] ?? new Uint8Array()
    view.setBigUint64(at, BigInt(entry.offset - offset), true)
    view.setBigUint64(at + 8, BigInt(entry.sizeBytes), true)
    view.setBigUint64(at + 16, BigInt(id.length), true)
    bytes.set(id, at + entryBytes)
    at += entryBytes + id.length
  })
  return bytes
}

/** Bytes of code by processor; code that names none is `unknown`. */
export function hipShares({ bundles, objects }: Omit<HipCode, 'compressed'>): Record<string, number> {
  const sums: Record<string, number> = {}
  const add = (name: string, bytes: number) => {
    sums[name] = (sums[name] ?? 0) + bytes
  }
  for (const { processor, sizeBytes } of bundles.flatMap(({ entries }) => entries))
    if (processor !== null) add(processor, sizeBytes)
  for (const { processor, sizeBytes } of objects) add(processor ?? 'unknown', sizeBytes)
  return sums
}

/** The same of what no card of these processors takes: 0 in a library that was slimmed for them. */
export function unusableShares(code: HipCode, processors: readonly string[]): Record<string, number> {
  const bundles = code.bundles.map((bundle) => {
    const kept = hipEntriesFor(bundle, processors)
    return { ...bundle, entries: bundle.entries.filter((entry) => !kept.includes(entry)) }
  })
  return hipShares({ bundles, objects: unusableObjects(code.objects, processors) })
}

/** Bare code objects for other processors. One that names no processor stays, since nothing says whom it is for. */
export function unusableObjects(objects: readonly CodeObject[], processors: readonly string[]): CodeObject[] {
  const isTaken = codeFor(
    objects.map(({ processor }) => processor),
    processors,
  )
  return objects.filter(({ processor }) => processor !== null && !isTaken(processor))
}
