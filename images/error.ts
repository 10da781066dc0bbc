import { IngotError } from '../lib/error.ts'

export type PlanErrorCode = 'refused' | 'unknown-engine' | 'broken-tree' | 'bad-findings'

export class PlanError extends IngotError<PlanErrorCode> {}
