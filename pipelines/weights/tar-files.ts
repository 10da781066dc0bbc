import { createHash } from 'node:crypto'

/** One member of a tar, in the order of the archive. */
export type TarEntry =
  | TarFile
  /** `target` of a hard link is a path of the archive, of another link what it says. */
  | { type: 'hard-link' | 'link'; path: string; target: string }
  | { type: 'folder'; path: string }
  /** What no lock can hold, in words. */
  | { type: 'other'; path: string; kind: string }

/** A file whose bytes are a stretch of the archive, or of what it unpacks to. */
export interface TarFile {
  type: 'file'
  path: string
  sizeBytes: number
  sha256: string
  /** Where its bytes begin in the archive. */
  offset: number
}

const blockBytes = 512
/** Long names and pax records are small; more is no tar. */
const mostRecordBytes = 1 << 20

/** What records and headers before a member say of it. */
interface MemberRecord {
  path?: string
  target?: string
  sizeBytes?: number
  isSparse?: boolean
}

/**
 * Lists a tar (POSIX, GNU or old) in one pass without keeping it, and reads what follows its end too, so that a hash over the
 * input is one of all of it. Throws `Error` in words for what is no whole tar.
 */
export async function listTar(chunks: AsyncIterable<Uint8Array>): Promise<TarEntry[]> {
  const input = inputOf(chunks)
  try {
    return await entriesOf(input)
  } finally {
    await input.end()
  }
}

async function entriesOf(input: Input): Promise<TarEntry[]> {
  const entries: TarEntry[] = []
  let said: MemberRecord = {}
  for (;;) {
    const header = await input.take(blockBytes)
    if (header.length === 0 || header.every((byte) => byte === 0)) break
    requireHeader(header)
    const kind = kindOf(header)
    if ('xgLK'.includes(kind)) {
      const recordBytes = numberAt(header, 124, 12)
      if (recordBytes > mostRecordBytes) throw new Error(`a record of ${recordBytes} bytes`)
      said = { ...said, ...saidIn(kind, await input.take(recordBytes)) }
      await input.pass(paddingOf(recordBytes))
      continue
    }
    entries.push(await readEntry(input, header, said))
    said = {}
  }
  await input.drain()
  return entries
}

function kindOf(header: Buffer): string {
  return String.fromCharCode(header[156] || 0x30)
}

async function readEntry(input: Input, header: Buffer, said: MemberRecord): Promise<TarEntry> {
  const kind = kindOf(header)
  const path = said.path ?? nameOf(header)
  // GNU lists the holes that have no room in the header in blocks behind it.
  for (let more = kind === 'S' && header[482]; more; ) more = (await input.take(blockBytes))[504] ?? 0
  const sizeBytes = '123456'.includes(kind) ? 0 : (said.sizeBytes ?? numberAt(header, 124, 12))
  const offset = input.position()
  const sha256 = await input.pass(sizeBytes)
  await input.pass(paddingOf(sizeBytes))
  if (kind === 'S' || said.isSparse) return { type: 'other', path, kind: 'a sparse file of an archive' }
  // Before POSIX a folder was a file whose name ends in a slash.
  if (kind === '5' || path.endsWith('/')) return { type: 'folder', path }
  if ('07'.includes(kind)) return { type: 'file', path, sizeBytes, sha256, offset }
  const target = said.target ?? textOf(header.subarray(157, 257))
  if (kind === '1' || kind === '2') return { type: kind === '1' ? 'hard-link' : 'link', path, target }
  return { type: 'other', path, kind: 'a device or a pipe, and no file' }
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
function saidIn(kind: string, record: Buffer): MemberRecord {
  if (kind === 'L') return { path: textOf(record) }
  if (kind === 'K') return { target: textOf(record) }
  const said: MemberRecord = {}
  for (let at = 0; kind === 'x' && at < record.length; ) {
    const length = Number.parseInt(record.subarray(at, at + 20).toString('latin1'), 10)
    if (!(length > 0)) throw new Error('it has a pax record without a length')
    const [, key = '', value = ''] =
      /^\d+ ([^=]*)=([\s\S]*)\n$/.exec(record.subarray(at, at + length).toString('utf8')) ?? []
    if (key === 'path' && said.isSparse !== true) said.path = value
    if (key === 'linkpath') said.target = value
    if (key === 'size') said.sizeBytes = Number(value)
    if (key.startsWith('GNU.sparse.')) said.isSparse = true
    if (key === 'GNU.sparse.name') said.path = value
    at += length
  }
  return said
}

interface Input {
  /** So many bytes; none at the end. */
  take(length: number): Promise<Buffer>
  /** Goes over so many bytes; gives their sha256. */
  pass(length: number): Promise<string>
  position(): number
  /** Goes over all that is left. */
  drain(): Promise<void>
  /** Gives back what the bytes come from, read to its end or not. */
  end(): Promise<void>
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
    drain: async () => {
      while (!(await iterator.next()).done);
    },
    end: async () => void (await iterator.return?.()),
  }
}
