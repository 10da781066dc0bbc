import { createHash } from 'node:crypto'

/** A file in a tar that is not compressed: its bytes are a stretch of the archive. */
export interface TarFile {
  path: string
  sizeBytes: number
  sha256: string
  /** Where its bytes begin in the archive. */
  offset: number
}

const blockBytes = 512
/** Long names and pax records are small; more is no tar. */
const mostRecordBytes = 1 << 20

/** What a tar holds. `others` are links, devices and sparse files: no stretch of the archive is their content. */
export interface TarListing {
  files: TarFile[]
  others: string[]
}

interface NextName {
  path?: string
  sizeBytes?: number
}

/** Lists a tar (POSIX, GNU or old) in one pass without keeping it. Throws `Error` in words for what is no whole tar. */
export async function listTar(chunks: AsyncIterable<Uint8Array>): Promise<TarListing> {
  const input = inputOf(chunks)
  const listing: TarListing = { files: [], others: [] }
  let next: NextName = {}
  for (;;) {
    const header = await input.take(blockBytes)
    if (header.length === 0 || header.every((byte) => byte === 0)) return listing
    requireHeader(header)
    const kind = String.fromCharCode(header[156] || 0x30)
    const recordBytes = numberAt(header, 124, 12)
    if ('xgLK'.includes(kind)) {
      if (recordBytes > mostRecordBytes) throw new Error(`a record of ${recordBytes} bytes`)
      next = { ...next, ...nextOf(kind, await input.take(recordBytes)) }
      await input.pass(paddingOf(recordBytes))
      continue
    }
    const sizeBytes = '1256'.includes(kind) ? 0 : (next.sizeBytes ?? recordBytes)
    const path = (next.path ?? nameOf(header)).replace(/^(\.?\/)+/, '')
    next = {}
    const file = { path, sizeBytes, offset: input.position() }
    const sha256 = await input.pass(sizeBytes)
    await input.pass(paddingOf(sizeBytes))
    if ('07'.includes(kind)) listing.files.push({ ...file, sha256 })
    else if (kind !== '5') listing.others.push(path)
  }
}

function paddingOf(sizeBytes: number): number {
  return (blockBytes - (sizeBytes % blockBytes)) % blockBytes
}

/** The sum of all bytes, with its own field as spaces, stands in each header. */
function requireHeader(header: Buffer): void {
  const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 0x20 : byte), 0)
  if (header.length < blockBytes) throw new Error('it ends inside a header')
  if (sum !== numberAt(header, 148, 8)) throw new Error('it is no tar: a header has another checksum')
}

/** Octal text, or a big-endian number where the first bit is set. */
function numberAt(header: Buffer, start: number, length: number): number {
  const field = header.subarray(start, start + length)
  if ((field[0] ?? 0) & 0x80) return Number(field.readBigUInt64BE(length - 8))
  return Number.parseInt(textOf(field).trim() || '0', 8)
}

function textOf(field: Buffer): string {
  const end = field.indexOf(0)
  return field.subarray(0, end < 0 ? field.length : end).toString('utf8')
}

function nameOf(header: Buffer): string {
  const isPosix = header.subarray(257, 263).toString('latin1') === 'ustar\0'
  const prefix = isPosix ? textOf(header.subarray(345, 500)) : ''
  const name = textOf(header.subarray(0, 100))
  return prefix === '' ? name : `${prefix}/${name}`
}

/** What a record says of the member that follows: a GNU long name, or `LENGTH KEY=VALUE` lines of pax. */
function nextOf(kind: string, record: Buffer): NextName {
  if (kind === 'L') return { path: textOf(record) }
  const next: NextName = {}
  for (let at = 0; kind === 'x' && at < record.length; ) {
    const length = Number.parseInt(record.subarray(at, at + 20).toString('latin1'), 10)
    if (!(length > 0)) throw new Error('it has a pax record without a length')
    const [, key = '', value = ''] =
      /^\d+ ([^=]*)=([\s\S]*)\n$/.exec(record.subarray(at, at + length).toString('utf8')) ?? []
    if (key === 'path') next.path = value
    if (key === 'size') next.sizeBytes = Number(value)
    at += length
  }
  return next
}

interface Input {
  /** So many bytes; none at the end. */
  take(length: number): Promise<Buffer>
  /** Goes over so many bytes; gives their sha256. */
  pass(length: number): Promise<string>
  position(): number
}

function inputOf(chunks: AsyncIterable<Uint8Array>): Input {
  const iterator = chunks[Symbol.asyncIterator]()
  let rest: Uint8Array = Buffer.alloc(0)
  let position = 0
  async function each(length: number, see: (piece: Uint8Array) => void): Promise<void> {
    for (let left = length; left > 0; ) {
      if (rest.length === 0) {
        const read = await iterator.next()
        if (read.done && left === length && length === blockBytes) return
        if (read.done) throw new Error('it was cut')
        rest = read.value
        continue
      }
      const piece = rest.subarray(0, left)
      see(piece)
      rest = rest.subarray(piece.length)
      position += piece.length
      left -= piece.length
    }
  }
  return {
    take: async (length) => {
      const pieces: Uint8Array[] = []
      // The next chunk may be read into the same memory.
      await each(length, (piece) => void pieces.push(Buffer.from(piece)))
      return Buffer.concat(pieces)
    },
    pass: async (length) => {
      const hash = createHash('sha256')
      await each(length, (piece) => void hash.update(piece))
      return hash.digest('hex')
    },
    position: () => position,
  }
}
