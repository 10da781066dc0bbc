import { type ElfFile, segmentTypes } from './file.ts'
import { type ByteReader, checkRange } from './reader.ts'

/**
 * A library as the loader maps it: offsets are virtual addresses, and what has no bytes in the file is zeros. Throws `broken-elf` for
 * addresses that no segment has.
 */
export function loadedReader(reader: ByteReader, elf: ElfFile): ByteReader {
  const loads = elf.segments.filter(({ type }) => type === segmentTypes.load)
  const sizeBytes = Math.max(0, ...loads.map(({ address, memoryBytes }) => address + memoryBytes))
  async function read(address: number, length: number): Promise<Uint8Array> {
    checkRange(sizeBytes, address, length)
    const bytes = new Uint8Array(length)
    for (const { offset, address: start, fileBytes } of loads) {
      const from = Math.max(address, start)
      const to = Math.min(address + length, start + fileBytes)
      if (from < to) bytes.set(await reader.read(offset + from - start, to - from), from - address)
    }
    return bytes
  }
  return { sizeBytes, read }
}
