import { createHash } from 'node:crypto'
import { LibError } from './error.ts'

/** A content address as OCI writes it. */
export type Digest = `sha256:${string}`

const digestPattern = /^sha256:[0-9a-f]{64}$/

export function isDigest(text: string): text is Digest {
  return digestPattern.test(text)
}

/** Throws `bad-digest` when the text is not `sha256:` and 64 hex digits. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text
  throw new LibError('bad-digest', {
    attempted: `read "${text}" as a digest`,
    found: 'it is not sha256: followed by 64 lower-case hex digits',
    hint: 'copy the digest that `ingot build` printed',
  })
}

export function digestOf(content: string | Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

/** The 64 hex digits without the algorithm. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length)
}
