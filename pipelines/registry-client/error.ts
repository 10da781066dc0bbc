import { RemoteError } from '../network/error.ts'

export type RegistryErrorCode =
  | 'bad-reference'
  | 'no-image'
  | 'unauthorized'
  | 'denied'
  | 'network'
  | 'upload-lost'
  | 'rejected'
  | 'bad-answer'
  | 'mismatch'

/** `upload-lost` is worth a new upload of the same blob. */
export class RegistryError extends RemoteError<RegistryErrorCode> {}

export function isUploadLost(error: unknown): error is RegistryError {
  return error instanceof RegistryError && error.code === 'upload-lost'
}
