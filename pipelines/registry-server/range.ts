import type { ByteRange } from '../store/blobs.ts'

/**
 * A `Range` header for content of this size. Undefined means the whole: no header, another unit, several ranges, or
 * a form this server does not know, which RFC 9110 lets a server ignore.
 */
export function parseRange(
  header: string | undefined,
  sizeBytes: number,
): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (!match) return undefined
  const [, first = '', last = ''] = match
  if (first === '' && last === '') return undefined
  if (first === '') return rangeOf(Math.max(0, sizeBytes - Number(last)), sizeBytes, sizeBytes)
  if (last !== '' && Number(last) < Number(first)) return 'unsatisfiable'
  return rangeOf(Number(first), last === '' ? sizeBytes : Number(last) + 1, sizeBytes)
}

/** The offset at which a chunk of an upload begins, from `Content-Range: 0-99`; undefined without a header. */
export function chunkStart(header: string | undefined): number | 'malformed' | undefined {
  if (header === undefined) return undefined
  const match = /^(?:bytes )?(\d+)-(\d+)(?:\/.*)?$/.exec(header)
  return match ? Number(match[1]) : 'malformed'
}

function rangeOf(start: number, end: number, sizeBytes: number): ByteRange | 'unsatisfiable' {
  return start < sizeBytes ? { start, end: Math.min(end, sizeBytes) } : 'unsatisfiable'
}
