import { IngotError } from '../../lib/error.ts'

export type ModelReaderErrorCode = 'no-model' | 'bad-config' | 'bad-header'

export class ModelReaderError extends IngotError<ModelReaderErrorCode> {}
