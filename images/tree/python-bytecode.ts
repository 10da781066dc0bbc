/** Header of a `.pyc` since Python 3.7 (PEP 552): magic, flags, then eight bytes by the kind of check. */
export const bytecodeHeaderBytes = 16

const hashBased = 1

/**
 * Bytes 4 to 16 of a header that is not checked against the source: a file of a layer has another time than the one it was
 * compiled at, and a checked hash costs a read of every source. Null for a header that is none or is unchecked already.
 */
export function uncheckedHeader(header: Uint8Array): Uint8Array | null {
  const isBytecode = header.length === bytecodeHeaderBytes && header[2] === 0x0d && header[3] === 0x0a
  const flags = header[4] ?? 0
  if (!isBytecode || flags === hashBased) return null
  // The hash is not looked at, so zeros do; a hash that is there already stays.
  const unchecked = flags === 0 ? new Uint8Array(12) : header.slice(4)
  unchecked[0] = hashBased
  return unchecked
}
