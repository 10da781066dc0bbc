import { type Failure, IngotError } from '../../lib/error.ts'

export type WeightsErrorCode =
  | 'not-found'
  | 'unauthorized'
  | 'gated'
  | 'network'
  | 'bad-answer'
  | 'bad-archive'
  | 'ambiguous'
  | 'no-files'
  | 'hash-mismatch'
  | 'size-mismatch'
  | 'layer-too-large'
  | 'no-space'
  | 'bad-token'

/** `retryAfterMs` is what the server asked for; only `network` errors are worth a second attempt. */
export class WeightsError extends IngotError<WeightsErrorCode> {
  readonly retryAfterMs: number | undefined

  constructor(code: WeightsErrorCode, failure: Failure, retryAfterMs?: number) {
    super(code, failure)
    this.retryAfterMs = retryAfterMs
  }
}

export function isTransient(error: unknown): error is WeightsError {
  return error instanceof WeightsError && error.code === 'network'
}
