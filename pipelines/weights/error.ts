import type { PinnedSource } from '../../recipes/locked-weights.ts'
import { NetworkError, RemoteError } from '../network/error.ts'

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

const hints: Partial<Record<PinnedSource['type'], string>> = {
  folder:
    'the folder changed since it was locked: bring the file back, or run `ingot lock RECIPE` for what it holds now; nothing of it was kept',
  huggingface:
    'a mirror, a proxy or the disk changed it on its way: try again, or ask who runs them; nothing of it was kept',
  oci: 'a registry, a proxy or the disk changed it on its way: try again, or ask who runs them; nothing of it was kept',
}

/** The same error with a hint that suits the kind of source: only some recipes name a sha256. */
export function forSource(error: unknown, type: PinnedSource['type']): unknown {
  if (error instanceof NetworkError && error.code === 'size-mismatch')
    return wrongContent('size-mismatch', error.failure.attempted.replace(/^read /, ''), error.failure.found)
  const hint = hints[type]
  if (!(error instanceof WeightsError) || error.code !== 'hash-mismatch' || hint === undefined) return error
  return new WeightsError(error.code, { ...error.failure, hint, cause: error })
}

/** The source gives other bytes than the lock has; trying again would not help. */
export function isWrongContent(error: unknown): boolean {
  return error instanceof RemoteError && (error.code === 'hash-mismatch' || error.code === 'size-mismatch')
}

export function wrongContent(
  code: 'hash-mismatch' | 'size-mismatch',
  what: string,
  found: string,
): WeightsError {
  const hint = 'the source changed after it was locked; check it, then run `ingot lock --all RECIPE`'
  return new WeightsError(code, { attempted: `read ${what}`, found, hint })
}

export function wrongHash(file: { path: string; sha256: string }, actual: string): WeightsError {
  return new WeightsError('hash-mismatch', {
    attempted: `check ${file.path}`,
    found: `its bytes have sha256 ${actual}, and ${file.sha256} was expected`,
    hint: 'correct the sha256 in the recipe if the file is right, or find out who changed it; nothing of it was kept',
  })
}
