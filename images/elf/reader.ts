import { brokenElf } from './error.ts'

/** A file whose bytes can be asked for in any order, so that no parser holds the whole of it. */
export interface ByteReader {
  sizeBytes: number
  /**
   * Exactly `length` bytes from `offset`, in `place` where one is given that a file can be read into; throws `broken-elf`
   * when the file ends before.
   */
  read(offset: number, length: number, place?: Buffer): Promise<Uint8Array>
}

export function readerOf(bytes: Uint8Array): ByteReader {
  return {
    sizeBytes: bytes.length,
    async read(offset, length) {
      checkRange(bytes.length, offset, length)
      return bytes.subarray(offset, offset + length)
    },
  }
}

/** Throws `broken-elf` when a range leaves the file; headers are not trusted. */
export function checkRange(sizeBytes: number, offset: number, length: number): void {
  if (Number.isSafeInteger(offset) && offset >= 0 && length >= 0 && offset + length <= sizeBytes) return
  throw brokenElf(
    `read ${length} bytes at offset ${offset}`,
    `the file has ${sizeBytes} bytes, so its headers point past its end`,
  )
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** A 64-bit field as a number; files beyond 2^53 bytes do not exist, so a larger value marks a damaged header. */
export function readU64(view: DataView, offset: number): number {
  const value = view.getBigUint64(offset, true)
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value)
  throw brokenElf('read a 64-bit field of a header', `its value is ${value}`)
}

export function writeU64(view: DataView, offset: number, value: number): void {
  view.setBigUint64(offset, BigInt(value), true)
}
