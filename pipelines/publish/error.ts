import { type Failure, IngotError } from '../../lib/error.ts'

export type PublishErrorCode =
  | 'bad-reference'
  | 'no-image'
  | 'not-verified'
  | 'unauthorized'
  | 'denied'
  | 'network'
  | 'upload-lost'
  | 'rejected'
  | 'bad-answer'
  | 'mismatch'

/**
 * `network` is worth another attempt, after `retryAfterMs` where the registry said so. `upload-lost` is worth a new
 * upload of the same blob.
 */
export class PublishError extends IngotError<PublishErrorCode> {
  readonly retryAfterMs: number | undefined

  constructor(code: PublishErrorCode, failure: Failure, retryAfterMs?: number) {
    super(code, failure)
    this.retryAfterMs = retryAfterMs
  }
}

export function isTransient(error: unknown): error is PublishError {
  return error instanceof PublishError && error.code === 'network'
}

export function isUploadLost(error: unknown): error is PublishError {
  return error instanceof PublishError && error.code === 'upload-lost'
}
