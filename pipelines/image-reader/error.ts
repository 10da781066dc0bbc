import { IngotError } from '../../lib/error.ts'

export type SizeErrorCode =
  | 'bad-reference'
  | 'no-image'
  | 'no-platform'
  | 'not-image'
  | 'broken-layer'
  | 'unauthorized'
  | 'network'
  | 'bad-answer'

export class SizeError extends IngotError<SizeErrorCode> {}
