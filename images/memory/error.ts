import { IngotError } from '../../lib/error.ts'

export type MemoryErrorCode = 'unknown-gpu' | 'bad-request'

export class MemoryError extends IngotError<MemoryErrorCode> {}
