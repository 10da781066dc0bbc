import { type KnownSecret, searchSecrets } from '../../lib/known-secrets.ts'
import { searchTokens } from '../../lib/token-forms.ts'

/** What was found in a file: a secret of this run, which nothing excuses, or something of the form of a token. */
export interface ContentFinding {
  of: 'run' | 'form'
  what: string
}

const headBytes = 8192

/** A byte 0 in the first 8 KiB makes a file binary, as git has it. */
export function isText(firstPiece: Uint8Array): boolean {
  return !firstPiece.subarray(0, headBytes).includes(0)
}

/**
 * Searches a file that comes in pieces: every file for the secrets of this run, and texts for the forms of tokens. Each kind
 * is given once, in the piece where it ends.
 */
export function searchContent(secrets: readonly KnownSecret[]): (piece: Uint8Array) => ContentFinding[] {
  const forRun = searchSecrets(secrets)
  const forForms = searchTokens()
  const known = new Set<string>()
  let text: boolean | undefined
  return (piece) => {
    text ??= isText(piece)
    const found: ContentFinding[] = [
      ...forRun(piece).map((what) => ({ of: 'run', what }) as const),
      ...(text ? forForms(piece) : []).map((name) => ({ of: 'form', what: `a ${name}` }) as const),
    ]
    const fresh = found.filter(({ what }) => !known.has(what))
    for (const { what } of fresh) known.add(what)
    return fresh
  }
}

/** The same for a whole text. */
export function findingsIn(text: string, secrets: readonly KnownSecret[]): ContentFinding[] {
  return searchContent(secrets)(Buffer.from(text))
}
