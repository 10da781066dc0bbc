import { createHash } from 'node:crypto'
import { join, resolve } from 'node:path'
import { type KnownSecret, knownSecrets, masked, searchSecrets } from '../../lib/known-secrets.ts'
import type { LockedWeights, PinnedSourceOf, SkippedFile } from '../../recipes/locked-weights.ts'
import { type SourceOf, setDigestOf, sortFiles } from '../../recipes/weights.ts'
import { WeightsError } from './error.ts'
import { listFolder } from './folder-list.ts'
import { openRegular, readRegular } from './regular-file.ts'
import { selectFiles } from './select.ts'
import { formatsOf, type LocalFile, type OpenWeights, type SourceSession } from './source.ts'

/** Larger files are tensors. */
const mostSearchedBytes = 32 * 1024 ** 2

/** Lists a local folder and hashes what is taken: a folder has no list of hashes of its own. */
export async function inventoryFolder(
  source: SourceOf<'folder'>,
  context: SourceSession,
): Promise<LockedWeights> {
  const root = resolve(context.recipeFolder, source.path)
  const listed = await listFolder(root, source)
  if (listed.files.length === 0 && listed.skipped.length > 0) throw nothingReadable(root, listed.skipped)
  const selected = selectFiles(
    listed.files,
    { ...source, formats: formatsOf(context) },
    `folder ${source.path}`,
  )
  const { taken } = selected
  const skipped = sortFiles([...selected.skipped, ...listed.skipped])
  const files = []
  const leaks: string[] = []
  const secrets = knownSecrets(context.settings.programs.environment)
  for (const file of taken) {
    const { sha256, found } = await readOnce(join(root, file.path), file.sizeBytes, secrets, context.signal)
    files.push({ ...file, sha256 })
    leaks.push(...found.map((what) => `${masked(file.path, secrets)}: ${what}`))
  }
  if (leaks.length > 0) throw leaking(root, leaks)
  return {
    source: { type: 'folder', path: source.path },
    files,
    setDigest: setDigestOf(files),
    ...(skipped.length > 0 ? { skipped } : {}),
  }
}

function nothingReadable(root: string, skipped: readonly SkippedFile[]): WeightsError {
  return new WeightsError('no-files', {
    attempted: `list the weights of ${root}`,
    found: `no file at all: ${skipped
      .slice(0, 6)
      .map(({ path, reason }) => `${path} is ${reason}`)
      .join('; ')}`,
    hint: 'put the files themselves there',
  })
}

export async function openFolder(
  pinned: PinnedSourceOf<'folder'>,
  context: SourceSession,
): Promise<OpenWeights> {
  const root = resolve(context.recipeFolder, pinned.path)
  return {
    read: (file, offset) => readRegular(join(root, file.from ?? file.path), offset, file.sizeBytes),
    openLocal: (file) => openFile(join(root, file.from ?? file.path)),
    close: async () => {},
  }
}

async function openFile(path: string): Promise<LocalFile> {
  const handle = await openRegular(path)
  return {
    read: async (target, position) => (await handle.read(target, 0, target.length, position)).bytesRead,
    close: () => handle.close(),
  }
}

/** Hash of a local file's first `sizeBytes`. */
export async function sha256Of(path: string, sizeBytes: number, signal?: AbortSignal): Promise<string> {
  return (await readOnce(path, sizeBytes, [], signal)).sha256
}

/** The sha256 of a file, and which secrets of this run are in it. */
async function readOnce(
  path: string,
  sizeBytes: number,
  secrets: readonly KnownSecret[],
  signal?: AbortSignal,
): Promise<{ sha256: string; found: string[] }> {
  const hash = createHash('sha256')
  const search = sizeBytes <= mostSearchedBytes ? searchSecrets(secrets) : () => []
  const found = new Set<string>(searchSecrets(secrets)(Buffer.from(path)))
  for await (const chunk of readRegular(path, 0, sizeBytes)) {
    signal?.throwIfAborted()
    hash.update(chunk)
    for (const what of search(chunk)) found.add(what)
  }
  return { sha256: hash.digest('hex'), found: [...found] }
}

function leaking(root: string, leaks: readonly string[]): WeightsError {
  return new WeightsError('secret-found', {
    attempted: `list the folder ${root}`,
    found: leaks.slice(0, 20).join('\n  '),
    hint: 'take the files out of the folder or leave them out with `exclude`; nothing was locked or packed',
  })
}
