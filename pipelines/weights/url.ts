import type { LockedWeights, PinnedSourceOf } from '../../recipes/locked-weights.ts'
import { isSafePath } from '../../recipes/safe-path.ts'
import { fileNameOfUrl, type SourceOf, setDigestOf } from '../../recipes/weights.ts'
import { publicUrl } from '../network/address.ts'
import { openRanged, readRange } from '../network/ranged.ts'
import { withRetry } from '../network/retry.ts'
import { WeightsError } from './error.ts'
import type { OpenWeights, SourceSession } from './source.ts'

/** Asks for the size only; the hash is the recipe's. */
export async function inventoryUrl(source: SourceOf<'url'>, context: SourceSession): Promise<LockedWeights> {
  refuseCredentials(source.url)
  const ranged = await withRetry(() => openRanged(source.url, context), context.retry, context.signal)
  await ranged.close()
  const path = source.path ?? fileNameOfUrl(source.url)
  if (!isSafePath(path))
    throw new WeightsError('bad-answer', {
      attempted: `name the file of ${publicUrl(source.url)}`,
      found: `"${path}" is no file name`,
      hint: 'give `path` in the recipe',
    })
  const files = [{ path, sizeBytes: ranged.sizeBytes, sha256: source.sha256 }]
  return { source: { type: 'url', url: source.url }, files, setDigest: setDigestOf(files) }
}

export async function openUrl(pinned: PinnedSourceOf<'url'>, context: SourceSession): Promise<OpenWeights> {
  return {
    read: (file, offset) => readRange(pinned.url, offset, file.sizeBytes, context),
    close: async () => {},
  }
}

/** The address is written to the lock, so it must carry no password, token or signature. */
function refuseCredentials(url: string): void {
  const { username, password, searchParams } = new URL(url)
  const isSecret = (key: string) => /token|signature|^sig$|key|secret|password|credential/i.test(key)
  if (username === '' && password === '' && ![...searchParams.keys()].some(isSecret)) return
  throw new WeightsError('bad-token', {
    attempted: `read ${publicUrl(url)}`,
    found: 'the address holds a password, token or signature, which would end up in the lock',
    hint: 'remove it from the recipe; use a source that takes a token from the environment',
  })
}
