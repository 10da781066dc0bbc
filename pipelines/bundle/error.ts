import { IngotError } from '../../lib/error.ts'

export type BundleErrorCode = 'target-exists' | 'bad-earlier' | 'disk-full' | 'not-writable'

export class BundleError extends IngotError<BundleErrorCode> {}
