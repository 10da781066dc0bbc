import { SizeError } from './error.ts'
import type { ByteSource } from './source.ts'

const blockBytes = 512
/** Long names and pax records are small; more is a damaged archive. */
const mostHeaderBytes = 4 * 1024 * 1024

export interface TarMember {
  /** As it is written, pax and GNU long names resolved. */
  name: string
  linkName: string
  /** `0` to `7` as in POSIX, `S` for GNU's sparse files. */
  typeFlag: string
  mode: number
  /** Bytes in the archive. */
  storedBytes: number
  /** Bytes once unpacked: more than stored for a sparse file. */
  sizeBytes: number
  isSparse: boolean
  /** Shows the stored bytes. What is not read is passed by. */
  read(see: (piece: Uint8Array) => void | Promise<void>): Promise<void>
}

interface Pending {
  pax: Record<string, string>
  longName?: string
  longLink?: string
}

/**
 * Members of a tar in POSIX, GNU or old form, in order. tar-stream does not serve here: it loses its place at GNU's sparse members
 * and cannot leap over members of a local file (docs/decisions/035). Throws `broken-layer`.
 */
export async function* tarMembers(source: ByteSource, what: string): AsyncGenerator<TarMember> {
  let globalPax: Record<string, string> = {}
  let pending: Pending = { pax: {} }
  for (;;) {
    const header = await source.take(blockBytes)
    // Some writers leave out the two empty blocks.
    if (header.length === 0 || header.every((byte) => byte === 0)) return
    if (header.length < blockBytes) throw cut(what)
    requireChecksum(header, what)
    const flag = String.fromCharCode(header[156] || 0x30)
    const storedBytes = readNumber(header, 124, 12)
    if ('xgLK'.includes(flag)) {
      const body = await takeBody(source, storedBytes, what)
      if (flag === 'g') globalPax = { ...globalPax, ...parsePax(body) }
      else pending = { ...pending, ...longOf(flag, body) }
      continue
    }
    const member = await memberOf(header, flag, { ...pending, pax: { ...globalPax, ...pending.pax } }, source)
    pending = { pax: {} }
    let unread = padded(member.storedBytes)
    yield {
      ...member,
      async read(see) {
        unread -= member.storedBytes
        if ((await source.pass(member.storedBytes, see)) < member.storedBytes) throw cut(what)
      },
    }
    if ((await source.pass(unread)) < unread) throw cut(what)
  }
}

function longOf(flag: string, body: Uint8Array): Partial<Pending> {
  if (flag === 'x') return { pax: parsePax(body) }
  return { [flag === 'L' ? 'longName' : 'longLink']: text(body, 0, body.length) }
}

async function memberOf(
  header: Uint8Array,
  flag: string,
  { pax, longName, longLink }: Pending,
  source: ByteSource,
): Promise<Omit<TarMember, 'read'>> {
  const sparseSize = pax['GNU.sparse.realsize'] ?? pax['GNU.sparse.size']
  const storedBytes = isLinkLike(flag) ? 0 : Number(pax['size'] ?? readNumber(header, 124, 12))
  const isOldSparse = flag === 'S'
  if (isOldSparse) await passSparseMaps(header, source)
  return {
    name: pax['GNU.sparse.name'] ?? pax['path'] ?? longName ?? nameIn(header),
    linkName: pax['linkpath'] ?? longLink ?? text(header, 157, 100),
    typeFlag: flag,
    mode: readNumber(header, 100, 8) & 0o7777,
    storedBytes,
    sizeBytes: isOldSparse ? readNumber(header, 483, 12) : Number(sparseSize ?? storedBytes),
    isSparse: isOldSparse || sparseSize !== undefined,
  }
}

/** Links, devices and folders have no bytes, whatever their size field says. */
function isLinkLike(flag: string): boolean {
  return '123456'.includes(flag)
}

/** Where the header has no room for all holes, blocks with more of them follow it; the last says that it is. */
async function passSparseMaps(header: Uint8Array, source: ByteSource): Promise<void> {
  for (let more = header[482]; more; ) more = (await source.take(blockBytes))[504]
}

function nameIn(header: Uint8Array): string {
  const name = text(header, 0, 100)
  const isPosix = text(header, 257, 6) === 'ustar' && header[262] === 0
  const prefix = isPosix ? text(header, 345, 155) : ''
  return prefix === '' ? name : `${prefix}/${name}`
}

async function takeBody(source: ByteSource, sizeBytes: number, what: string): Promise<Uint8Array> {
  if (sizeBytes > mostHeaderBytes) throw broken(what, `a header of ${sizeBytes} bytes`)
  const body = await source.take(padded(sizeBytes))
  if (body.length < sizeBytes) throw cut(what)
  return body.subarray(0, sizeBytes)
}

/** `LENGTH key=value\n` records; LENGTH counts bytes, itself included. */
function parsePax(body: Uint8Array): Record<string, string> {
  const records: Record<string, string> = {}
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at)
    const length = Number(bytes.toString('latin1', at, space))
    if (space < 0 || !(length > 0)) return records
    const record = bytes.toString('utf8', space + 1, at + length - 1)
    const equals = record.indexOf('=')
    records[record.slice(0, equals)] = record.slice(equals + 1)
    at += length
  }
  return records
}

function text(bytes: Uint8Array, start: number, length: number): string {
  const field = Buffer.from(bytes.buffer, bytes.byteOffset + start, length)
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end < 0 ? length : end)
}

/** Octal digits, or base 256 where the first bit is set. */
function readNumber(bytes: Uint8Array, start: number, length: number): number {
  const first = bytes[start] ?? 0
  if ((first & 0x80) === 0) return Number.parseInt(text(bytes, start, length).trim() || '0', 8)
  return bytes.subarray(start + 1, start + length).reduce((value, byte) => value * 256 + byte, first & 0x7f)
}

function requireChecksum(header: Uint8Array, what: string): void {
  let sum = 8 * 0x20
  header.forEach((byte, at) => {
    if (at < 148 || at >= 156) sum += byte
  })
  if (sum !== readNumber(header, 148, 8)) throw broken(what, 'a block that is no header of a tar')
}

function padded(sizeBytes: number): number {
  return Math.ceil(sizeBytes / blockBytes) * blockBytes
}

function cut(what: string): SizeError {
  return broken(what, 'it ends in the middle of a member')
}

function broken(what: string, found: string): SizeError {
  return new SizeError('broken-layer', {
    attempted: `read ${what}`,
    found,
    hint: 'the copy is cut or damaged, or it is no tar; fetch or save it again',
  })
}
