import { IngotError } from '../lib/error.ts'

export type StageErrorCode =
  | 'usage'
  | 'no-recipe'
  | 'no-engine'
  | 'engine-failed'
  | 'drifted'
  | 'missing-lock'
  | 'over-budget'
  | 'not-verified'
  | 'no-image'
  | 'no-runner'
  | 'unfit-machine'
  | 'interrupted'

export class StageError extends IngotError<StageErrorCode> {}
