/** What a loader puts into memory, by the program headers alone; written apart from the product's parser. */
export function memoryOf(file: Buffer): Buffer {
  const count = file.readUInt16LE(56)
  const table = Number(file.readBigUInt64LE(32))
  const loads = Array.from({ length: count }, (_, index) => table + index * 56)
    .filter((at) => file.readUInt32LE(at) === 1)
    .map((at) => ({
      offset: Number(file.readBigUInt64LE(at + 8)),
      address: Number(file.readBigUInt64LE(at + 16)),
      fileBytes: Number(file.readBigUInt64LE(at + 32)),
      memoryBytes: Number(file.readBigUInt64LE(at + 40)),
    }))
  const memory = Buffer.alloc(Math.max(...loads.map(({ address, memoryBytes }) => address + memoryBytes)))
  for (const { offset, address, fileBytes } of loads) file.copy(memory, address, offset, offset + fileBytes)
  return memory
}
