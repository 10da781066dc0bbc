import type { CraftedLibrary } from './crafted-library.ts'

export interface CraftedSection {
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

export const page = 4096
export const up = (value: number, to: number) => Math.ceil(value / to) * to

export function section(
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

export interface Places {
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

export function layOut(library: CraftedLibrary, stringBytes: number, alignment: number): Places {
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

export function stringTable(texts: readonly string[]): StringTable {
  const offsets: number[] = []
  let all = '\0'
  for (const text of texts) {
    offsets.push(all.length)
    all += `${text}\0`
  }
  return { bytes: Buffer.from(all, 'latin1'), offsets }
}

export function dynamicTable(
  library: CraftedLibrary,
  strings: StringTable,
  places: Places,
  count: number,
): Buffer {
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
    // DF_1_NODELETE: tests look at its memory after Node has closed it again.
    [0x6ffffffb, 8],
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
export function relocations(pointers: readonly number[], wrappersAddress: number): Buffer {
  const bytes = Buffer.alloc(pointers.length * 24)
  for (const [index, pointer] of pointers.entries()) {
    bytes.writeBigUInt64LE(BigInt(wrappersAddress + index * 24 + 8), index * 24)
    bytes.writeBigUInt64LE(8n, index * 24 + 8)
    bytes.writeBigUInt64LE(BigInt(pointer), index * 24 + 16)
  }
  return bytes
}

export function wrappers(pointers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(pointers.length * 24)
  for (const index of pointers.keys()) {
    bytes.writeUInt32LE(0x466243b1, index * 24)
    bytes.writeUInt32LE(1, index * 24 + 4)
  }
  return bytes
}

export function note(): Buffer {
  const bytes = Buffer.alloc(24)
  bytes.writeUInt32LE(4, 0)
  bytes.writeUInt32LE(8, 4)
  bytes.writeUInt32LE(3, 8)
  bytes.write('GNU\0', 12, 'latin1')
  bytes.writeUInt32BE(0xfeedface, 16)
  bytes.writeUInt32BE(0x00c0ffee, 20)
  return bytes
}
