import { type Failure, IngotError } from '../../lib/error.ts'

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
    super(code, failure)
    this.retryAfterMs = retryAfterMs
    this.isHopeless = isHopeless
  }
}

export type NetworkErrorCode = 'unauthorized' | 'not-found' | 'network' | 'bad-answer' | 'size-mismatch'

/** What any server may do, told without knowing what was wanted of it. */
export class NetworkError extends RemoteError<NetworkErrorCode> {}

export class LoginError extends RemoteError<'unauthorized'> {}

export function isTransient(error: unknown): error is RemoteError {
  return error instanceof RemoteError && error.code === 'network'
}
