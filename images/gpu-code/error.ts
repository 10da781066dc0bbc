import { IngotError } from '../../lib/error.ts'

export type GpuCodeErrorCode = 'bad-architecture' | 'check-failed' | 'no-file'

export class GpuCodeError extends IngotError<GpuCodeErrorCode> {}
