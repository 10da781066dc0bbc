import { RemoteError } from '../network/error.ts'

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

/** `upload-lost` is worth a new upload of the same blob. */
export class PublishError extends RemoteError<PublishErrorCode> {}

export function isUploadLost(error: unknown): error is PublishError {
  return error instanceof PublishError && error.code === 'upload-lost'
}
