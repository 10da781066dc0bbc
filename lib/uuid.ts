import { type Digest, hexOf } from './digest.ts'

/** A UUID that is a function of the text: version 8 of RFC 9562, whose bits are free. */
export function uuidOf(digest: Digest): string {
  const hex = hexOf(digest)
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-')
}
