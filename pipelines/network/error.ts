import { type Failure, IngotError } from '../../lib/error.ts'

/** What goes wrong with a server. Of its codes `network` is worth another attempt, after `retryAfterMs` where the server said so. */
export abstract class RemoteError<Code extends string = string> extends IngotError<Code> {
  readonly retryAfterMs: number | undefined

  constructor(code: Code, failure: Failure, retryAfterMs?: number) {
    super(code, failure)
    this.retryAfterMs = retryAfterMs
  }
}

export class LoginError extends RemoteError<'unauthorized'> {}

export function isTransient(error: unknown): error is RemoteError {
  return error instanceof RemoteError && error.code === 'network'
}
