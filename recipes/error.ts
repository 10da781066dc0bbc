import { IngotError } from '../lib/error.ts'

export type RecipeErrorCode = 'invalid-recipe' | 'invalid-lock' | 'lock-mismatch'

export class RecipeError extends IngotError<RecipeErrorCode> {}
