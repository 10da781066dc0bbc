import { bytesInFile, type ElfFile, machines, type Section, segmentTypes } from './file.ts'
import { type ByteReader, viewOf } from './reader.ts'

const entryBytes = 24
const chunkBytes = entryBytes * 40_000
const relaSection = 4
const packedSection = 19
/** `R_X86_64_RELATIVE` and `R_AARCH64_RELATIVE`: the addend is the address itself. */
const relativeTypes: Record<number, number> = { [machines.x86]: 8, [machines.arm64]: 1027 }

/**
 * Offsets in the file that load-time relocations name: the places they write to, and the addresses that relative ones
 * store, a batch at a time. Reads `SHT_RELA` sections; see `hasPackedRelocations` for what they leave out.
 */
export async function* addressesNamed(reader: ByteReader, elf: ElfFile): AsyncGenerator<number[]> {
  const offsetOf = offsetFinder(elf)
  for (const section of elf.sections.filter((section) => section.type === relaSection))
    yield* namedIn(reader, section, relativeTypes[elf.header.machine], offsetOf)
}

/** Whether a file has a `SHT_RELR` table, whose pointers stand in the data itself. No CUDA wheel looked at has one. */
export function hasPackedRelocations(elf: ElfFile): boolean {
  return elf.sections.some((section) => section.type === packedSection && section.sizeBytes > 0)
}

async function* namedIn(
  reader: ByteReader,
  section: Section,
  relative: number | undefined,
  offsetOf: (address: number) => number,
): AsyncGenerator<number[]> {
  const end = section.offset + bytesInFile(section)
  const place = Buffer.allocUnsafe(chunkBytes)
  for (let at = section.offset; at < end; at += chunkBytes) {
    const view = viewOf(await reader.read(at, Math.min(chunkBytes, end - at), place))
    const offsets: number[] = []
    for (let entry = 0; entry + entryBytes <= view.byteLength; entry += entryBytes) {
      offsets.push(offsetOf(u48(view, entry)))
      if (view.getUint32(entry + 8, true) === relative) offsets.push(offsetOf(u48(view, entry + 16)))
    }
    yield offsets
  }
}

/** Addresses in shared objects stay below 2^48; libcublasLt has 363,241 relocations, so no bigint is made for each. */
function u48(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint16(at + 4, true) * 2 ** 32
}

/** NaN for addresses that no byte of the file stands behind; it compares false with every range. */
function offsetFinder(elf: ElfFile): (address: number) => number {
  const loads = elf.segments.filter((segment) => segment.type === segmentTypes.load)
  return (address) => {
    for (const load of loads)
      if (address >= load.address && address < load.address + load.fileBytes)
        return address - load.address + load.offset
    return Number.NaN
  }
}
