import { IngotError } from '../lib/error.ts'

export type RecipeErrorCode = 'invalid-recipe' | 'invalid-lock' | 'lock-mismatch' | 'unwritable-lock'

export class RecipeError extends IngotError<RecipeErrorCode> {}
