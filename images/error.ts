import { IngotError } from '../lib/error.ts'

export type PlanErrorCode = 'refused' | 'unknown-engine' | 'broken-tree'

export class PlanError extends IngotError<PlanErrorCode> {}
