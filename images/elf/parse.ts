import { brokenElf, ElfError } from './error.ts'
import {
  type ElfFile,
  type ElfHeader,
  headerBytes,
  type Section,
  type Segment,
  sectionBytes,
  segmentBytes,
} from './file.ts'
import { type ByteReader, checkRange, readU64, viewOf } from './reader.ts'

const mostHeaders = 1 << 16

/** Whether the file starts as an ELF file; reads 4 bytes. */
export async function isElf(reader: ByteReader): Promise<boolean> {
  if (reader.sizeBytes < headerBytes) return false
  const start = await reader.read(0, 4)
  return start[0] === 0x7f && start[1] === 0x45 && start[2] === 0x4c && start[3] === 0x46
}

/**
 * Header, program headers and section headers of a 64-bit little-endian ELF file. Reads the tables only.
 * Throws `not-elf`, `unsupported-elf` or `broken-elf`.
 */
export async function parseElf(reader: ByteReader): Promise<ElfFile> {
  if (!(await isElf(reader)))
    throw new ElfError('not-elf', {
      attempted: 'read a file as ELF',
      found: 'it does not start with the bytes 7f 45 4c 46',
      hint: 'name a shared object (.so) or a program',
    })
  const header = parseHeader(await reader.read(0, headerBytes))
  const place = { offset: header.programHeaderOffset, count: header.segmentCount, itemBytes: segmentBytes }
  const segments = await readTable(reader, place, parseSegment)
  return { sizeBytes: reader.sizeBytes, header, segments, sections: await readSections(reader, header) }
}

function parseHeader(bytes: Uint8Array): ElfHeader {
  const view = viewOf(bytes)
  if (bytes[4] !== 2 || bytes[5] !== 1)
    throw new ElfError('unsupported-elf', {
      attempted: 'read an ELF file',
      found: `class ${bytes[4]}, byte order ${bytes[5]}`,
      hint: 'only 64-bit little-endian files (x86-64, arm64) are read',
    })
  return {
    identification: bytes.slice(0, 16),
    type: view.getUint16(16, true),
    machine: view.getUint16(18, true),
    version: view.getUint32(20, true),
    entry: readU64(view, 24),
    programHeaderOffset: readU64(view, 32),
    sectionHeaderOffset: readU64(view, 40),
    flags: view.getUint32(48, true),
    segmentCount: view.getUint16(56, true),
    sectionCount: view.getUint16(60, true),
    sectionNameIndex: view.getUint16(62, true),
  }
}

async function readTable<Item>(
  reader: ByteReader,
  { offset, count, itemBytes }: { offset: number; count: number; itemBytes: number },
  parseItem: (view: DataView, at: number) => Item,
): Promise<Item[]> {
  if (count === 0) return []
  if (count > mostHeaders) throw brokenElf('read a table of headers', `it claims ${count} entries`)
  checkRange(reader.sizeBytes, offset, count * itemBytes)
  const view = viewOf(await reader.read(offset, count * itemBytes))
  return Array.from({ length: count }, (_, index) => parseItem(view, index * itemBytes))
}

function parseSegment(view: DataView, at: number): Segment {
  return {
    type: view.getUint32(at, true),
    flags: view.getUint32(at + 4, true),
    offset: readU64(view, at + 8),
    address: readU64(view, at + 16),
    physicalAddress: readU64(view, at + 24),
    fileBytes: readU64(view, at + 32),
    memoryBytes: readU64(view, at + 40),
    alignment: readU64(view, at + 48),
  }
}

function parseSection(view: DataView, at: number): Section {
  return {
    name: '',
    nameOffset: view.getUint32(at, true),
    type: view.getUint32(at + 4, true),
    flags: readU64(view, at + 8),
    address: readU64(view, at + 16),
    offset: readU64(view, at + 24),
    sizeBytes: readU64(view, at + 32),
    link: view.getUint32(at + 40, true),
    info: view.getUint32(at + 44, true),
    alignment: readU64(view, at + 48),
    entryBytes: readU64(view, at + 56),
  }
}

async function readSections(reader: ByteReader, header: ElfHeader): Promise<Section[]> {
  const { sectionHeaderOffset, sectionCount, sectionNameIndex } = header
  if (sectionHeaderOffset === 0) return []
  // With 65280 sections or more, section 0 holds the count and the index of the names (gABI chapter 4).
  const place = { offset: sectionHeaderOffset, itemBytes: sectionBytes }
  const [zero] = await readTable(reader, { ...place, count: 1 }, parseSection)
  const count = sectionCount === 0 ? (zero?.sizeBytes ?? 0) : sectionCount
  const sections = await readTable(reader, { ...place, count }, parseSection)
  const names = sections[sectionNameIndex === 0xffff ? (zero?.link ?? 0) : sectionNameIndex]
  if (names === undefined || names.sizeBytes === 0) return sections
  const text = await reader.read(names.offset, names.sizeBytes)
  return sections.map((section) => ({ ...section, name: textAt(text, section.nameOffset) }))
}

/** The zero-terminated text at an offset of a string table; empty when the offset leaves the table. */
export function textAt(table: Uint8Array, offset: number): string {
  const end = table.indexOf(0, offset)
  return new TextDecoder('latin1').decode(table.subarray(offset, end < 0 ? table.length : end))
}
