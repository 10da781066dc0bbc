import type { FileHandle } from 'node:fs/promises'

/** Bytes in one direction: taken, or passed by without being looked at. */
export interface ByteSource {
  /** Exactly `length` bytes; fewer only where the bytes end. */
  take(length: number): Promise<Uint8Array>
  /** Shows the next `length` bytes in pieces; without `see` they are passed by. Gives how many there were. */
  pass(length: number, see?: (piece: Uint8Array) => void | Promise<void>): Promise<number>
}

export function streamSource(chunks: AsyncIterable<Uint8Array>): ByteSource {
  const iterator = chunks[Symbol.asyncIterator]()
  let rest: Uint8Array = new Uint8Array()
  /** At most `length` of the bytes that are here, or of the next chunk; empty at the end. */
  async function piece(length: number): Promise<Uint8Array> {
    while (rest.length === 0) {
      const next = await iterator.next()
      if (next.done) return rest
      rest = next.value
    }
    const part = rest.subarray(0, length)
    rest = rest.subarray(part.length)
    return part
  }
  async function pass(length: number, see?: (piece: Uint8Array) => void | Promise<void>): Promise<number> {
    let passed = 0
    while (passed < length) {
      const part = await piece(length - passed)
      if (part.length === 0) return passed
      passed += part.length
      // Most consumers are synchronous; awaiting nothing would cost a turn for each chunk.
      const seen = see?.(part)
      if (seen instanceof Promise) await seen
    }
    return passed
  }
  return {
    pass,
    async take(length) {
      if (rest.length >= length) return piece(length)
      const parts: Uint8Array[] = []
      await pass(length, (part) => void parts.push(part))
      return Buffer.concat(parts)
    },
  }
}

/** A file on this machine, where passing by is a leap. */
export function fileSource(file: FileHandle, sizeBytes: number): ByteSource & { position(): number } {
  let position = 0
  async function take(length: number): Promise<Uint8Array> {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, position)
    position += bytesRead
    return buffer.subarray(0, bytesRead)
  }
  return {
    take,
    position: () => position,
    async pass(length, see) {
      if (see) {
        const bytes = await take(length)
        await see(bytes)
        return bytes.length
      }
      const passed = Math.min(length, Math.max(0, sizeBytes - position))
      position += passed
      return passed
    },
  }
}
