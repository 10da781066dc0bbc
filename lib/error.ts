/**
 * What every failure tells a person. `attempted` names the act and its object ("pull debian:forky-slim"),
 * `found` what was there instead, `hint` what to do next.
 */
export interface Failure {
  attempted: string
  found: string
  hint: string
  cause?: unknown
}

/** Base of the one error class each folder has; `code` comes from that folder's closed set. */
export abstract class IngotError<Code extends string = string> extends Error {
  readonly code: Code
  readonly failure: Failure

  constructor(code: Code, failure: Failure) {
    super(`${failure.attempted}: ${failure.found}`, { cause: failure.cause })
    this.code = code
    this.failure = failure
    this.name = new.target.name
  }

  get hint(): string {
    return this.failure.hint
  }
}

export type LibErrorCode = 'bad-size' | 'bad-digest' | 'bad-reference'

export class LibError extends IngotError<LibErrorCode> {}

/** A file system error code such as `ENOENT`, or undefined for anything else that was thrown. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
