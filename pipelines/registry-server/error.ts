import { IngotError } from '../../lib/error.ts'
import { StoreError, type StoreErrorCode } from '../store/error.ts'

/** The codes of the OCI distribution spec with the status each is sent with. */
const statuses = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 404,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 413,
  DENIED: 405,
  UNSUPPORTED: 405,
} as const

export type RegistryServerErrorCode = keyof typeof statuses

export class RegistryServerError extends IngotError<RegistryServerErrorCode> {}

export interface ErrorAnswer {
  status: number
  code: string
  message: string
}

const storeCodes: Partial<Record<StoreErrorCode, RegistryServerErrorCode>> = {
  'missing-blob': 'BLOB_UNKNOWN',
  'digest-mismatch': 'DIGEST_INVALID',
  'size-mismatch': 'SIZE_INVALID',
  'bad-name': 'NAME_INVALID',
  'in-use': 'DENIED',
}

/** How a failure is told to a client. Only errors that say what a person can do reach it word by word. */
export function answerFor(error: unknown): ErrorAnswer {
  if (error instanceof RegistryServerError)
    return { status: statuses[error.code], code: error.code, message: sentenceOf(error) }
  if (!(error instanceof StoreError)) return { status: 500, code: 'UNKNOWN', message: 'the registry failed' }
  const code = storeCodes[error.code]
  if (code) return { status: statuses[code], code, message: sentenceOf(error) }
  return { status: error.code === 'disk-full' ? 507 : 500, code: 'UNKNOWN', message: sentenceOf(error) }
}

function sentenceOf(error: IngotError): string {
  return `${error.message}; ${error.hint}`
}
