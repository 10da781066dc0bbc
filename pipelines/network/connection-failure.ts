import { errnoOf } from '../../lib/error.ts'

/** Why an exchange ended without an answer: `cut` is worth another attempt, `refused` never is. */
export class ConnectionFailure extends Error {
  readonly kind: 'cut' | 'refused'
  /** True where this host has not answered before. */
  readonly isFirst: boolean

  constructor(cause: unknown, isFirst: boolean) {
    super('the connection failed', { cause })
    this.kind = isForGood(cause) ? 'refused' : 'cut'
    this.isFirst = isFirst
  }
}

/** Certificates, addresses that are none, redirects in a circle, and servers that do not speak HTTP stay as they are. */
const forGood =
  /^HPE_|^ERR_INVALID_(URL|PROTOCOL|CHAR)|^UND_ERR_(INVALID_ARG|NOT_SUPPORTED|HEADERS_OVERFLOW|MAX_REDIRECTS?)|^ERR_(TLS|SSL)|CERT|SELF_SIGNED|UNABLE_TO_|^EPROTO$/

function isForGood(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return forGood.test(errnoOf(error) ?? '') || isForGood(error.cause)
}

/** What the connection said, without the words around it: an `AggregateError` of several addresses has no message. */
export function wordsOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return wordsOf(error.errors[0])
  if (error instanceof ConnectionFailure) return wordsOf(error.cause)
  if (!(error instanceof Error)) return String(error)
  if (error.cause instanceof Error) return wordsOf(error.cause)
  const name = lookupWords[errnoOf(error) ?? '']
  if (name !== undefined && 'hostname' in error) return `${name} ${error.hostname}`
  return error.message || errnoOf(error) || 'the connection failed'
}

/** What the system's look-up of a name says; its own words are `getaddrinfo EAI_AGAIN host`. */
const lookupWords: Record<string, string> = {
  ENOTFOUND: 'there is no host of the name',
  EAI_AGAIN: 'no name server answered for',
}
