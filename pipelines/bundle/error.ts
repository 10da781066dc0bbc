import { IngotError } from '../../lib/error.ts'

export type BundleErrorCode =
  | 'target-exists'
  | 'two-of-one-name'
  | 'bad-earlier'
  | 'disk-full'
  | 'not-writable'

export class BundleError extends IngotError<BundleErrorCode> {}
