import { pipeline } from 'node:stream/promises'
import { createInflateRaw } from 'node:zlib'
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile } from 'yauzl'
import { messageOf } from '../../lib/error.ts'
import { RemoteError } from '../network/error.ts'
import { type RangedFile, slice } from '../network/ranged.ts'
import { WeightsError } from './error.ts'

export interface Zip {
  file: RangedFile
  archive: ZipFile
  entries: Map<string, Entry>
}

/** Reads a zip's central directory and nothing else. Throws `bad-archive`. */
export async function openZip(file: RangedFile, name: string): Promise<Zip> {
  try {
    const archive = await fromRandomAccessReaderPromise(readerOf(file), file.sizeBytes, {
      lazyEntries: true,
      autoClose: false,
    })
    const entries = new Map<string, Entry>()
    for await (const entry of archive.eachEntry()) entries.set(entry.fileName, entry)
    return { file, archive, entries }
  } catch (error) {
    if (error instanceof RemoteError) throw error
    throw damaged(`read the list of files in ${name}`, error)
  }
}

function damaged(attempted: string, error: unknown): WeightsError {
  const hint =
    'the file is damaged or not a zip archive; a login page of the network may have been sent in its place'
  return new WeightsError('bad-archive', { attempted, found: messageOf(error), hint, cause: error })
}

/** The unpacked bytes of a member from `offset` on. A deflated member is unpacked from its start, since deflate cannot be entered midway. */
export async function* readMember(zip: Zip, entry: Entry, offset: number): AsyncGenerator<Uint8Array> {
  const fileDataStart = await dataStartOf(zip, entry)
  const end = fileDataStart + entry.compressedSize
  if (entry.compressionMethod === 0) return yield* zip.file.read(fileDataStart + offset, end)
  if (entry.compressionMethod !== 8 || entry.isEncrypted())
    throw new WeightsError('bad-archive', {
      attempted: `unpack ${entry.fileName}`,
      found: entry.isEncrypted() ? 'it is encrypted' : `compression method ${entry.compressionMethod}`,
      hint: 'only stored and deflated members can be read',
    })
  yield* slice(inflate(zip.file.read(fileDataStart, end)), offset, entry.uncompressedSize - offset)
}

/** A member's own header, which the list of files may name wrongly. Throws `bad-archive`. */
async function dataStartOf({ archive }: Zip, entry: Entry): Promise<number> {
  try {
    return (await archive.readLocalFileHeaderPromise(entry, { minimal: true })).fileDataStart
  } catch (error) {
    if (error instanceof RemoteError) throw error
    throw damaged(`find ${entry.fileName} in its archive`, error)
  }
}

async function* inflate(compressed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const inflater = createInflateRaw({ chunkSize: 1 << 20 })
  const feeding = pipeline(compressed, inflater)
  // An error destroys the inflater and so reaches the loop below; here it would only count as unhandled.
  feeding.catch(() => {})
  try {
    yield* inflater
  } catch (error) {
    throw error instanceof RemoteError ? error : damaged('unpack a member', error)
  }
}

const readAheadBytes = 128 * 1024

/** yauzl asks for 46 bytes at a time; one request for each would be thousands, so neighbouring bytes are kept. */
function readerOf(file: RangedFile): RandomAccessReader {
  let start = 0
  let kept = Buffer.alloc(0)
  async function load(position: number, length: number): Promise<Buffer> {
    if (position < start || position + length > start + kept.length) {
      const end = Math.min(file.sizeBytes, position + Math.max(length, readAheadBytes))
      const chunks = []
      for await (const chunk of file.read(position, end)) chunks.push(chunk)
      start = position
      kept = Buffer.concat(chunks)
    }
    return kept.subarray(position - start, position - start + length)
  }
  // yauzl types the reader as abstract for subclassing; one method on an instance is all that it calls.
  const reader = new (RandomAccessReader as unknown as new () => RandomAccessReader)()
  // oxlint-disable-next-line max-params -- yauzl calls it so
  reader.read = (buffer, offset, length, position, callback) => {
    load(position, length).then(
      (bytes) => {
        bytes.copy(buffer, offset)
        callback(null)
      },
      (error: Error) => callback(error),
    )
  }
  return reader
}
