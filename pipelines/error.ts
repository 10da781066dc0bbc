import { IngotError } from '../lib/error.ts'

export type StageErrorCode =
  | 'usage'
  | 'no-recipe'
  | 'file-exists'
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
  | 'no-tool'
  | 'tool-failed'
  | 'secret-found'
  | 'against-policy'
  | 'no-space'
  | 'bad-answer'

export class StageError extends IngotError<StageErrorCode> {}
