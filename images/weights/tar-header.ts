const blockBytes = 512
/** The largest size that eleven octal digits hold: 8 GiB less one byte. */
const maxOctalSize = 8 ** 11 - 1

/** Weights carry one fixed time: 1970-01-01T00:00:01Z, as the image config does. */
const fixedMtimeSeconds = 1

export interface TarEntryFacts {
  /** Without a leading slash. A folder ends in one. */
  path: string
  type: 'file' | 'directory' | 'symlink'
  sizeBytes: number
  linkTarget?: string
  /** A program: mode 0755 in place of 0644. */
  executable?: boolean
}

const typeFlags = { file: '0', symlink: '2', directory: '5' } as const

/** Bytes that fill a file up to the next block of the tar. */
export function paddingBytes(sizeBytes: number): number {
  return (blockBytes - (sizeBytes % blockBytes)) % blockBytes
}

/** The two empty blocks at the end of a tar. */
export const trailerBytes = 2 * blockBytes

/**
 * Header blocks of one member: ustar, preceded by a pax header where ustar cannot hold the path, the link target or
 * the size. Owner 0:0, mode 0644 or 0755, fixed time.
 */
export function tarHeader(member: TarEntryFacts): Uint8Array {
  const records = paxRecords(member)
  const main = block(member.path, typeFlags[member.type], member.sizeBytes, member)
  if (records.length === 0) return main
  const body = Buffer.from(records.map(paxRecord).join(''))
  const pax = block('pax_header', 'x', body.length)
  return Buffer.concat([pax, body, Buffer.alloc(paddingBytes(body.length)), main])
}

function paxRecords({ path, sizeBytes, linkTarget = '' }: TarEntryFacts): [string, string][] {
  return [
    ...(splitName(path) ? [] : [['path', path] satisfies [string, string]]),
    ...(isShortAscii(linkTarget, 100) ? [] : [['linkpath', linkTarget] satisfies [string, string]]),
    ...(sizeBytes <= maxOctalSize ? [] : [['size', String(sizeBytes)] satisfies [string, string]]),
  ]
}

/** `LENGTH key=value\n`, where LENGTH counts its own digits too. */
function paxRecord([key, value]: [string, string]): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`)
  const digits = String(rest + String(rest).length).length
  return `${rest + digits} ${key}=${value}\n`
}

function isShortAscii(text: string, limitBytes: number): boolean {
  return text.length <= limitBytes && /^[\x20-\x7e]*$/.test(text)
}

/** Splits a path at a slash into ustar's prefix (155 bytes) and name (100 bytes), or gives undefined. */
function splitName(path: string): { prefix: string; name: string } | undefined {
  if (isShortAscii(path, 100)) return { prefix: '', name: path }
  if (!isShortAscii(path, 256)) return undefined
  const slash = path.indexOf('/', path.length - 101)
  if (slash <= 0 || slash > 155 || slash === path.length - 1) return undefined
  return { prefix: path.slice(0, slash), name: path.slice(slash + 1) }
}

function block(
  path: string,
  typeFlag: string,
  sizeBytes: number,
  { linkTarget = '', executable = false }: Pick<TarEntryFacts, 'linkTarget' | 'executable'> = {},
): Uint8Array {
  const header = Buffer.alloc(blockBytes)
  const { prefix, name } = splitName(path) ?? { prefix: '', name: asciiTail(path) }
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`
  header.write(name, 0, 100, 'latin1')
  header.write(
    octal(typeFlag === '5' ? 0o755 : typeFlag === '2' ? 0o777 : executable ? 0o755 : 0o644, 7),
    100,
  )
  header.write(octal(0, 7), 108)
  header.write(octal(0, 7), 116)
  header.write(octal(sizeBytes > maxOctalSize ? 0 : sizeBytes, 11), 124)
  header.write(octal(fixedMtimeSeconds, 11), 136)
  header.write('        ', 148)
  header.write(typeFlag, 156)
  header.write(isShortAscii(linkTarget, 100) ? linkTarget : asciiTail(linkTarget), 157, 100, 'latin1')
  header.write('ustar\x0000', 257, 'latin1')
  header.write(prefix, 345, 155, 'latin1')
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  )
  return header
}

/** What readers without pax see of a path that ustar cannot hold. */
function asciiTail(path: string): string {
  return path.replaceAll(/[^\x20-\x7e]/g, '_').slice(-100)
}
