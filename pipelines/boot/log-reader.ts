/** Of a log that grows beyond twice this, the middle is forgotten. */
const keptBytes = 16 * 1024 ** 2
/** A server may write faster than it is read; the rest comes with the next look. */
const piecesAtOnce = 16

/**
 * Reads a growing log: what came since the last look is fetched by `since`, which gives at most a piece of it from a byte
 * on, and nothing at its end.
 */
export function logReader(since: (fromByte: number) => Promise<Buffer>): () => Promise<string> {
  let known: Buffer = Buffer.alloc(0)
  let readBytes = 0
  return async () => {
    for (let pieces = 0; pieces < piecesAtOnce; pieces++) {
      const piece = await since(readBytes)
      if (piece.length === 0) break
      readBytes += piece.length
      known = withoutMiddle(Buffer.concat([known, piece]))
    }
    return known.toString()
  }
}

function withoutMiddle(log: Buffer): Buffer {
  if (log.length <= 2 * keptBytes) return log
  return Buffer.concat([log.subarray(0, keptBytes), log.subarray(-keptBytes)])
}
