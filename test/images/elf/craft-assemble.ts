import { type CraftedSection, type Places, section, stringTable, up } from './craft-tables.ts'
import type { CraftedLibrary } from './crafted-library.ts'

/** Header, program headers, sections at their places, then the section table with its names. */
export function assemble(
  library: CraftedLibrary,
  sections: readonly CraftedSection[],
  places: Places,
  alignment: number,
): Buffer {
  const names = stringTable([...sections.map(({ name }) => name), '.shstrtab'])
  const table = up(places.writeEnd + names.bytes.length, 8)
  const bytes = Buffer.alloc(table + (sections.length + 2) * 64)
  elfHeader(bytes, library, table, sections.length + 2)
  for (const [index, words] of programHeaders(places, alignment).entries()) {
    bytes.writeUInt32LE(words[0] ?? 0, 64 + index * 56)
    bytes.writeUInt32LE(words[1] ?? 0, 68 + index * 56)
    for (const [at, word] of words.slice(2).entries())
      bytes.writeBigUInt64LE(BigInt(word), 72 + index * 56 + at * 8)
  }
  const all = [...sections, section('.shstrtab', 3, 0, places.writeEnd, names.bytes)]
  for (const [index, item] of all.entries()) {
    item.bytes.copy(bytes, item.offset)
    sectionHeader(bytes, table + (index + 1) * 64, item, names.offsets[index] ?? 0)
  }
  return bytes
}

function elfHeader(bytes: Buffer, library: CraftedLibrary, table: number, sections: number): void {
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  bytes.writeUInt16LE(library.type ?? 3, 16)
  bytes.writeUInt16LE(library.machine ?? (process.arch === 'arm64' ? 183 : 62), 18)
  bytes.writeUInt32LE(1, 20)
  bytes.writeBigUInt64LE(64n, 32)
  bytes.writeBigUInt64LE(BigInt(table), 40)
  for (const [index, value] of [64, 56, 7, 64, sections, sections - 1].entries())
    bytes.writeUInt16LE(value, 52 + index * 2)
}

/** Rows of type, flags, offset, address, physical address, bytes in the file, bytes in memory, alignment. */
function programHeaders(places: Places, alignment: number): number[][] {
  const { dynamic, shift, writeEnd, readEnd, note: noteAt } = places
  const writable = dynamic + shift
  return [
    [1, 5, 0, 0, 0, readEnd, readEnd, alignment],
    [1, 6, dynamic, writable, writable, writeEnd - dynamic, writeEnd - dynamic + 5000, alignment],
    [2, 6, dynamic, writable, writable, 256, 256, 8],
    [4, 4, noteAt, noteAt, noteAt, 24, 24, 4],
    [0x6474e551, 6, 0, 0, 0, 0, 0, 16],
    [0x6474e552, 4, dynamic, writable, writable, 256, 256, 1],
    [0, 0, 0, 0, 0, 0, 0, 0],
  ]
}

function sectionHeader(bytes: Buffer, at: number, item: CraftedSection, name: number): void {
  bytes.writeUInt32LE(name, at)
  bytes.writeUInt32LE(item.type, at + 4)
  const isLoaded = item.flags !== 0
  const words = [item.flags, isLoaded ? item.address : 0, item.offset, item.bytes.length]
  for (const [index, word] of words.entries()) bytes.writeBigUInt64LE(BigInt(word), at + 8 + index * 8)
  bytes.writeUInt32LE(item.link ?? 0, at + 40)
  bytes.writeBigUInt64LE(8n, at + 48)
  bytes.writeBigUInt64LE(BigInt(item.entryBytes ?? 0), at + 56)
}
