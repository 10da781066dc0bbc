import { IngotError } from '../../lib/error.ts'

export type GpuCodeErrorCode = 'bad-architecture' | 'check-failed'

export class GpuCodeError extends IngotError<GpuCodeErrorCode> {}
