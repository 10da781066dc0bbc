import { type Failure, IngotError } from '../../lib/error.ts'
import { timeText } from './waiting.ts'

/** What a failed exchange says of the next attempt. */
export interface RetryHints {
  /** How long the server asked to be left alone. */
  retryAfterMs?: number | undefined
  /** True where no server has answered yet, so that a wrong address or no network is likelier than a moment's fault. */
  isHopeless?: boolean
}

/** What goes wrong with a server. Of its codes `network` is worth another attempt, as `hints` say. */
export abstract class RemoteError<Code extends string = string> extends IngotError<Code> {
  readonly retryAfterMs: number | undefined
  readonly isHopeless: boolean

  constructor(code: Code, failure: Failure, { retryAfterMs, isHopeless = false }: RetryHints = {}) {
    super(code, { ...failure, found: `${failure.found}${wishText(retryAfterMs)}` })
    this.retryAfterMs = retryAfterMs
    this.isHopeless = isHopeless
  }
}

const dayMs = 24 * 3600_000

/** A server's wish is told, since a person can keep one that is too long for this program. */
function wishText(retryAfterMs = 0): string {
  if (retryAfterMs < 1000) return ''
  return `, and asks to be left alone for ${retryAfterMs > dayMs ? 'more than a day' : timeText(retryAfterMs)}`
}

export type NetworkErrorCode = 'unauthorized' | 'not-found' | 'network' | 'bad-answer' | 'size-mismatch'

/** What any server may do, told without knowing what was wanted of it. */
export class NetworkError extends RemoteError<NetworkErrorCode> {}

export class LoginError extends RemoteError<'unauthorized'> {}

export function isTransient(error: unknown): error is RemoteError {
  return error instanceof RemoteError && error.code === 'network'
}
