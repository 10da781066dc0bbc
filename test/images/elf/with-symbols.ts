/** What debuggers would read; its sizes are no multiple of anything. */
export const symbolContent = {
  '.symtab': Buffer.alloc(24 * 3000, 1),
  '.strtab': Buffer.alloc(9001, 0x61),
  '.debug_info': Buffer.alloc(30_007, 2),
}

/**
 * Appends a symbol table, its names and debug information to a crafted library, as `ld` leaves them behind what is loaded.
 * With `loadedBehind` a further segment follows, as patchelf adds one, in the unused program header that crafted files have.
 */
export function withSymbols(library: Buffer, loadedBehind?: Buffer): Buffer {
  const table = Number(library.readBigUInt64LE(40))
  const count = library.readUInt16LE(60)
  const nameIndex = library.readUInt16LE(62)
  const oldNames = sectionBytes(library, table + nameIndex * 64)
  const names = Buffer.concat([oldNames, Buffer.from('.symtab\0.strtab\0.debug_info\0.more\0')])
  const parts: Buffer[] = [Buffer.from(library)]
  const length = () => parts.reduce((sum, part) => sum + part.length, 0)
  const append = (bytes: Buffer, alignment = 8) => {
    parts.push(Buffer.alloc((alignment - (length() % alignment)) % alignment))
    const at = length()
    parts.push(bytes)
    return at
  }
  const symbols = append(symbolContent['.symtab'])
  const strings = append(symbolContent['.strtab'])
  const debug = append(symbolContent['.debug_info'])
  const more = loadedBehind === undefined ? 0 : append(loadedBehind, 4096)
  const nameTable = append(names)
  const headers = Buffer.concat([
    library.subarray(table, table + count * 64),
    header(oldNames.length, 2, symbols, symbolContent['.symtab'].length, count + 1),
    header(oldNames.length + 8, 3, strings, symbolContent['.strtab'].length, 0),
    header(oldNames.length + 16, 1, debug, symbolContent['.debug_info'].length, 0),
  ])
  headers.writeBigUInt64LE(BigInt(nameTable), nameIndex * 64 + 24)
  headers.writeBigUInt64LE(BigInt(names.length), nameIndex * 64 + 32)
  const tableAt = append(headers)
  const bytes = Buffer.concat(parts)
  bytes.writeBigUInt64LE(BigInt(tableAt), 40)
  bytes.writeUInt16LE(count + 3, 60)
  if (loadedBehind) addSegment(bytes, more, loadedBehind.length)
  return bytes
}

function sectionBytes(library: Buffer, header: number): Buffer {
  const at = Number(library.readBigUInt64LE(header + 24))
  return library.subarray(at, at + Number(library.readBigUInt64LE(header + 32)))
}

function header(name: number, type: number, offset: number, size: number, link: number): Buffer {
  const bytes = Buffer.alloc(64)
  bytes.writeUInt32LE(name, 0)
  bytes.writeUInt32LE(type, 4)
  bytes.writeBigUInt64LE(BigInt(offset), 24)
  bytes.writeBigUInt64LE(BigInt(size), 32)
  bytes.writeUInt32LE(link, 40)
  bytes.writeBigUInt64LE(1n, 48)
  return bytes
}

/** Read-only, far behind the others in memory. */
function addSegment(bytes: Buffer, offset: number, size: number): void {
  const at = 64 + (bytes.readUInt16LE(56) - 1) * 56
  bytes.writeUInt32LE(1, at)
  bytes.writeUInt32LE(4, at + 4)
  const address = 0x4000000 + (offset % 4096)
  const words = [offset, address, address, size, size, 4096]
  for (const [index, word] of words.entries()) bytes.writeBigUInt64LE(BigInt(word), at + 8 + index * 8)
}
