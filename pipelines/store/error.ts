import { errnoOf, IngotError, messageOf } from '../../lib/error.ts'

export type StoreErrorCode =
  | 'disk-full'
  | 'not-writable'
  | 'digest-mismatch'
  | 'size-mismatch'
  | 'missing-blob'
  | 'corrupt-blob'
  | 'corrupt-index'
  | 'corrupt-record'
  | 'too-large'
  | 'bad-name'
  | 'in-use'
  | 'locked'
  | 'not-a-store'
  | 'store-gone'

export class StoreError extends IngotError<StoreErrorCode> {}

const diskErrors: Record<string, { code: StoreErrorCode; found: string; hint: string }> = {
  ENOSPC: {
    code: 'disk-full',
    found: 'no space is left on the disk of the store',
    hint: 'free space there, or set INGOT_STORE to a folder on a larger disk; what is in the store stays valid',
  },
  EDQUOT: {
    code: 'disk-full',
    found: 'the disk quota is used up',
    hint: 'raise the quota, or set INGOT_STORE to a folder on another disk; what is in the store stays valid',
  },
  EACCES: {
    code: 'not-writable',
    found: 'this user may not write there',
    hint: 'give the user the right to write, or set INGOT_STORE to a folder of their own',
  },
  EROFS: {
    code: 'not-writable',
    found: 'the file system is read-only',
    hint: 'set INGOT_STORE to a folder on a file system that can be written',
  },
}

/** What the disk said, as a StoreError where a person can act on it; anything else comes back as it was. */
export function storeErrorFrom(error: unknown, attempted: string): unknown {
  const known = diskErrors[errnoOf(error) ?? '']
  if (!known) return error
  const found = `${known.found} (${messageOf(error)})`
  return new StoreError(known.code, { attempted, found, hint: known.hint, cause: error })
}
