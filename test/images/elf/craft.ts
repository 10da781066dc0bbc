/**
 * Writes a small shared object by hand that glibc and musl load: a read-and-execute segment with code and GPU code, and
 * a writable one with the pointers to it, the dynamic table and zeroed memory, as nvcc and ld lay them out.
 */
export interface CraftedLibrary {
  containers: readonly Buffer[]
  /** Containers kept in `.data`, as libcurand keeps them. */
  dataContainers?: readonly Buffer[]
  needed?: readonly string[]
  soName?: string
  runPath?: string
  /** `p_align` of the loaded segments; ld of 2018 wrote 2 MiB, newer ones 4 KiB. */
  alignment?: number
  type?: number
  machine?: number
  /** Further pointers, as distances from the start of the first container. */
  pointers?: readonly number[]
}

interface CraftedSection {
  name: string
  type: number
  flags: number
  offset: number
  address: number
  bytes: Buffer
  memoryBytes?: number
  link?: number
  entryBytes?: number
}

export interface Crafted {
  bytes: Buffer
  /** Offsets of the containers, those in `.data` last. */
  offsets: number[]
}

const page = 4096
const up = (value: number, to: number) => Math.ceil(value / to) * to

export function craftLibrary(library: CraftedLibrary): Crafted {
  const alignment = library.alignment ?? page
  const strings = stringTable([
    ...(library.needed ?? []),
    library.soName ?? 'libcrafted.so',
    library.runPath ?? '',
  ])
  const places = layOut(library, strings.bytes.length, alignment)
  const pointers = [...places.gpu.offsets, ...places.data.offsets.map((offset) => offset + places.shift)]
  const first = places.gpu.offsets[0] ?? 0
  const all = [...pointers, ...(library.pointers ?? []).map((distance) => first + distance)]
  const dynamic = dynamicTable(library, strings, places, all.length)
  const sections: CraftedSection[] = [
    section('.dynsym', 11, 2, places.symbols, Buffer.alloc(24), { link: 2, entryBytes: 24 }),
    section('.dynstr', 3, 2, places.strings, strings.bytes),
    section('.rela.dyn', 4, 2, places.relocations, relocations(all, places.wrappers + places.shift), {
      entryBytes: 24,
    }),
    section('.note.gnu.build-id', 7, 2, places.note, note()),
    section('.text', 1, 6, places.text, Buffer.alloc(32, 0xc3)),
    section('.nv_fatbin', 1, 2, places.gpu.start, places.gpu.bytes),
    section('.rodata.tail', 1, 2, places.tail, Buffer.from('behind the GPU code')),
    {
      ...section('.dynamic', 6, 3, places.dynamic, dynamic, { link: 2, entryBytes: 16 }),
      address: places.dynamic + places.shift,
    },
    {
      ...section('.nvFatBinSegment', 1, 3, places.wrappers, wrappers(all)),
      address: places.wrappers + places.shift,
    },
    {
      ...section('.data', 1, 3, places.data.start, places.data.bytes),
      address: places.data.start + places.shift,
    },
  ]
  return {
    bytes: assemble(library, sections, places, alignment),
    offsets: [...places.gpu.offsets, ...places.data.offsets],
  }
}

function section(
  name: string,
  type: number,
  flags: number,
  offset: number,
  bytes: Buffer,
  more: object = {},
): CraftedSection {
  return { name, type, flags, offset, address: offset, bytes, ...more }
}

interface Block {
  start: number
  bytes: Buffer
  offsets: number[]
}

/** Containers one after the other, each at a multiple of 8. */
function block(start: number, containers: readonly Buffer[]): Block {
  const offsets: number[] = []
  const parts: Buffer[] = []
  let at = start
  for (const container of containers) {
    offsets.push(at)
    parts.push(container, Buffer.alloc(up(container.length, 8) - container.length))
    at += up(container.length, 8)
  }
  return { start, bytes: Buffer.concat(parts), offsets }
}

interface Places {
  symbols: number
  strings: number
  relocations: number
  note: number
  text: number
  gpu: Block
  tail: number
  readEnd: number
  shift: number
  dynamic: number
  wrappers: number
  data: Block
  writeEnd: number
}

function layOut(library: CraftedLibrary, stringBytes: number, alignment: number): Places {
  const count =
    library.containers.length + (library.dataContainers?.length ?? 0) + (library.pointers?.length ?? 0)
  const symbols = 64 + 7 * 56
  const strings = symbols + 24
  const relocationsAt = up(strings + stringBytes, 8)
  const noteAt = relocationsAt + count * 24
  const text = up(noteAt + 24, 16)
  const gpu = block(up(text + 32, 8), library.containers)
  const tail = gpu.start + gpu.bytes.length
  const readEnd = tail + 19
  // The writable segment starts on a new page in the file and `alignment` further in memory.
  const dynamic = up(readEnd, page)
  const shift = up(alignment, page)
  const wrappersAt = dynamic + 16 * 16
  const data = block(up(wrappersAt + count * 24, 8), library.dataContainers ?? [])
  const writeEnd = data.start + data.bytes.length
  return {
    symbols,
    strings,
    relocations: relocationsAt,
    note: noteAt,
    text,
    gpu,
    tail,
    readEnd,
    shift,
    dynamic,
    wrappers: wrappersAt,
    data,
    writeEnd,
  }
}

interface StringTable {
  bytes: Buffer
  offsets: number[]
}

function stringTable(texts: readonly string[]): StringTable {
  const offsets: number[] = []
  let all = '\0'
  for (const text of texts) {
    offsets.push(all.length)
    all += `${text}\0`
  }
  return { bytes: Buffer.from(all, 'latin1'), offsets }
}

function dynamicTable(library: CraftedLibrary, strings: StringTable, places: Places, count: number): Buffer {
  const needed = library.needed ?? []
  const { offsets } = strings
  const entries = [
    ...needed.map((_, index) => [1, offsets[index] ?? 0]),
    [14, offsets[needed.length] ?? 0],
    ...(library.runPath === undefined ? [] : [[29, offsets[needed.length + 1] ?? 0]]),
    [5, places.strings],
    [10, strings.bytes.length],
    [6, places.symbols],
    [11, 24],
    ...(count === 0
      ? []
      : [
          [7, places.relocations],
          [8, count * 24],
          [9, 24],
        ]),
    [0, 0],
  ]
  const bytes = Buffer.alloc(16 * 16)
  for (const [index, [tag = 0, value = 0]] of entries.entries()) {
    bytes.writeBigUInt64LE(BigInt(tag), index * 16)
    bytes.writeBigUInt64LE(BigInt(value), index * 16 + 8)
  }
  return bytes
}

/** One relative relocation a pointer: the loader writes base + addend into the wrapper. */
function relocations(pointers: readonly number[], wrappersAddress: number): Buffer {
  const bytes = Buffer.alloc(pointers.length * 24)
  for (const [index, pointer] of pointers.entries()) {
    bytes.writeBigUInt64LE(BigInt(wrappersAddress + index * 24 + 8), index * 24)
    bytes.writeBigUInt64LE(8n, index * 24 + 8)
    bytes.writeBigUInt64LE(BigInt(pointer), index * 24 + 16)
  }
  return bytes
}

function wrappers(pointers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(pointers.length * 24)
  for (const index of pointers.keys()) {
    bytes.writeUInt32LE(0x466243b1, index * 24)
    bytes.writeUInt32LE(1, index * 24 + 4)
  }
  return bytes
}

function note(): Buffer {
  const bytes = Buffer.alloc(24)
  bytes.writeUInt32LE(4, 0)
  bytes.writeUInt32LE(8, 4)
  bytes.writeUInt32LE(3, 8)
  bytes.write('GNU\0', 12, 'latin1')
  bytes.writeUInt32BE(0xfeedface, 16)
  bytes.writeUInt32BE(0x00c0ffee, 20)
  return bytes
}

/** Header, program headers, sections at their places, then the section table with its names. */
function assemble(
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
