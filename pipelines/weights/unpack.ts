import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'

/** How a layer is packed, by its first bytes: media types of old images and of Docker say it wrongly. */
export type Compression = 'none' | 'gzip' | 'zstd'

/** The bytes of a layer as they were before they were packed, and how they were. Throws `Error` in words for other packings. */
export async function unpack(
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ compression: Compression; plain: AsyncIterable<Uint8Array> }> {
  const { head, all, end } = await peek(chunks)
  try {
    const compression = compressionOf(head)
    return { compression, plain: compression === 'none' ? all : through(all, compression) }
  } catch (error) {
    await end()
    throw error
  }
}

/** The same for a packing that is known. */
export function unpackAs(
  chunks: AsyncIterable<Uint8Array>,
  compression: Compression,
): AsyncIterable<Uint8Array> {
  return compression === 'none' ? chunks : through(chunks, compression)
}

/** By the first bytes. Throws `Error` in words for a packing that no container runtime unpacks. */
export function compressionOf(head: Uint8Array): Compression {
  const hex = Buffer.from(head).toString('hex')
  if (hex.startsWith('1f8b')) return 'gzip'
  if (hex.startsWith('28b52ffd') || /^5.2a4d18/.test(hex)) return 'zstd'
  if (hex.startsWith('fd377a58') || hex.startsWith('425a68'))
    throw new Error('it is compressed with xz or bzip2, which no container runtime unpacks')
  return 'none'
}

const outputBytes = 1 << 20

async function* through(
  packed: AsyncIterable<Uint8Array>,
  compression: Exclude<Compression, 'none'>,
): AsyncGenerator<Uint8Array> {
  const unpacker =
    compression === 'gzip'
      ? createGunzip({ chunkSize: outputBytes })
      : createZstdDecompress({ chunkSize: outputBytes })
  // An error destroys the unpacker and so reaches the loop below; here it would only count as unhandled.
  pipeline(packed, unpacker).catch(() => {})
  try {
    yield* unpacker
  } catch (error) {
    throw isCut(error) ? new Error('it was cut', { cause: error }) : error
  }
}

function isCut(error: unknown): boolean {
  return error instanceof Error && /unexpected end of file/.test(error.message)
}

/**
 * The first bytes of a stream, and all of it, these included. `end` gives back what the bytes come from, read to its end or not:
 * a file that stays open is an error of the whole process once Node collects it.
 */
export async function peek(chunks: AsyncIterable<Uint8Array>) {
  const iterator = chunks[Symbol.asyncIterator]()
  const held: Uint8Array[] = []
  for (let size = 0; size < 6; ) {
    const next = await iterator.next()
    if (next.done) break
    // The sender may use the memory of a chunk again.
    held.push(Buffer.from(next.value))
    size += next.value.length
  }
  const end = async () => void (await iterator.return?.())
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      yield* held
      yield* { [Symbol.asyncIterator]: () => iterator }
    } finally {
      await end()
    }
  }
  return { head: Buffer.concat(held).subarray(0, 6), all: all(), end }
}
