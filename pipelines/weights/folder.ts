import { createHash } from 'node:crypto'
import { open, readdir, realpath, stat } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { errnoOf, messageOf } from '../../lib/error.ts'
import { isSafePath, type LockedWeights, type PinnedOf } from '../../recipes/locked-weights.ts'
import { type SourceOf, setDigestOf } from '../../recipes/weights.ts'
import { WeightsError } from './error.ts'
import { readLocal } from './ranged.ts'
import { selectFiles } from './select.ts'
import type { LocalFile, OpenWeights, SourceSession } from './source.ts'

/** Lists a local folder and hashes what is taken: a folder has no list of hashes of its own. */
export async function inventoryFolder(
  source: SourceOf<'folder'>,
  context: SourceSession,
): Promise<LockedWeights> {
  const root = resolve(context.recipeFolder, source.path)
  const { taken, skipped } = selectFiles(await listFolder(root), source, `folder ${source.path}`)
  const files = []
  for (const file of taken)
    files.push({ ...file, sha256: await sha256Of(join(root, file.path), file.sizeBytes, context.signal) })
  return {
    source: { type: 'folder', path: source.path },
    files,
    setDigest: setDigestOf(files),
    ...(skipped.length > 0 ? { skipped } : {}),
  }
}

export async function openFolder(pinned: PinnedOf<'folder'>, context: SourceSession): Promise<OpenWeights> {
  const root = resolve(context.recipeFolder, pinned.path)
  return {
    read: (file, offset) => readLocked(join(root, file.from ?? file.path), offset, file.sizeBytes),
    openLocal: (file) => openFile(join(root, file.from ?? file.path)),
    close: async () => {},
  }
}

async function* readLocked(path: string, start: number, end: number): AsyncGenerator<Uint8Array> {
  try {
    yield* readLocal(path, start, end)
  } catch (error) {
    throw unreadable(path, error)
  }
}

async function openFile(path: string): Promise<LocalFile> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw unreadable(path, error)
  })
  return {
    read: async (target, position) => (await handle.read(target, 0, target.length, position)).bytesRead,
    close: () => handle.close(),
  }
}

function unreadable(path: string, error: unknown): WeightsError {
  return new WeightsError('not-found', {
    attempted: `read the weights file ${path}`,
    found: errnoOf(error) ?? messageOf(error),
    hint: 'the lock has this file: bring it back or make it readable, or run `ingot lock` for what the folder holds now',
    cause: error,
  })
}

/** Regular files below a folder; links are followed, since the Hub's cache holds its files as links. */
export async function listFolder(root: string): Promise<{ path: string; sizeBytes: number }[]> {
  try {
    const names = await readdir(await realpath(root), { recursive: true, withFileTypes: true })
    const paths = names
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name))
    const base = await realpath(root)
    const files = await Promise.all(
      paths.map(async (path) => {
        const info = await stat(path)
        const name = relative(base, path).split(sep).join('/')
        return info.isFile() && isSafePath(name) ? [{ path: name, sizeBytes: info.size }] : []
      }),
    )
    return files.flat()
  } catch (error) {
    throw new WeightsError('not-found', {
      attempted: `list the folder ${root}`,
      found: errnoOf(error) ?? messageOf(error),
      hint: 'a folder is taken relative to the recipe file; check `path` and its permissions',
      cause: error,
    })
  }
}

/** Hash of a local file's first `sizeBytes`. */
export async function sha256Of(path: string, sizeBytes: number, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of readLocal(path, 0, sizeBytes)) {
    signal?.throwIfAborted()
    hash.update(chunk)
  }
  return hash.digest('hex')
}
