import { IngotError } from '../../lib/error.ts'
import { RecipeError } from '../../recipes/error.ts'

const environmentCodes = [
  'no-engine',
  'no-runner',
  'no-tool',
  'unfit-machine',
  'no-space',
  'disk-full',
  'unauthorized',
  'bad-token',
  'gated',
  'denied',
]
const usageCodes = [
  'usage',
  'no-recipe',
  'refused',
  'unknown-engine',
  'bad-architecture',
  'no-file',
  'not-elf',
  'bad-reference',
  'no-platform',
  'target-exists',
  'bad-earlier',
  'two-of-one-name',
  'bad-request',
  'unknown-gpu',
]

/** 3 environment, 2 usage or recipe, 1 everything else. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof RecipeError) return 2
  if (!(error instanceof IngotError)) return 1
  if (environmentCodes.includes(error.code)) return 3
  return usageCodes.includes(error.code) ? 2 : 1
}

/** What a person reads of a failure: attempted, found, to do. */
export function describeError(error: unknown): string {
  if (error instanceof IngotError)
    return `ingot: could not ${error.failure.attempted}\n  found: ${error.failure.found}\n  to do: ${error.hint}\n`
  return `ingot: unexpected failure, please report it\n${error instanceof Error ? error.stack : String(error)}\n`
}
