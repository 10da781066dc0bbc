import { RemoteError } from '../network/error.ts'

export type WeightsErrorCode =
  | 'not-found'
  | 'unauthorized'
  | 'gated'
  | 'network'
  | 'bad-answer'
  | 'bad-archive'
  | 'ambiguous'
  | 'no-files'
  | 'refused'
  | 'secret-found'
  | 'hash-mismatch'
  | 'size-mismatch'
  | 'layer-too-large'
  | 'no-space'
  | 'bad-token'

export class WeightsError extends RemoteError<WeightsErrorCode> {}

/** The source gives other bytes than the lock has; trying again would not help. */
export function isWrongContent(error: unknown): boolean {
  return error instanceof WeightsError && (error.code === 'hash-mismatch' || error.code === 'size-mismatch')
}

export function wrongContent(
  code: 'hash-mismatch' | 'size-mismatch',
  what: string,
  found: string,
): WeightsError {
  const hint = 'the source changed after it was locked; check it, then run `ingot lock`'
  return new WeightsError(code, { attempted: `read ${what}`, found, hint })
}

export function wrongHash(file: { path: string; sha256: string }, actual: string): WeightsError {
  return new WeightsError('hash-mismatch', {
    attempted: `check ${file.path}`,
    found: `its bytes have sha256 ${actual}, and ${file.sha256} was expected`,
    hint: 'correct the sha256 in the recipe if the file is right, or find out who changed it; nothing of it was kept',
  })
}
