import { isUtf8 } from 'node:buffer'
import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, sep } from 'node:path'
import { errnoOf, messageOf } from '../../lib/error.ts'
import { matchesPattern } from '../../recipes/glob.ts'
import type { SkippedFile } from '../../recipes/locked-weights.ts'
import { isSafePath } from '../../recipes/safe-path.ts'
import { isWanted } from '../../recipes/weight-selection.ts'
import type { SourceOf } from '../../recipes/weights.ts'
import { kindOf } from '../files/regular-file.ts'
import { WeightsError } from './error.ts'

interface FolderListing {
  files: { path: string; sizeBytes: number }[]
  /** Entries that no image can hold, with why. */
  skipped: SkippedFile[]
}

type FolderOptions = Pick<SourceOf<'folder'>, 'path' | 'include' | 'exclude' | 'allowLinks'>

interface Walk extends FolderListing {
  source: FolderOptions
  /** The folder itself, with every link of its path followed. */
  root: string
  /** Folder of the Hub's cache to which the links of a snapshot lead; undefined for any other folder. */
  blobs: string | undefined
  /** Entries that stop it, each in one line. */
  refused: string[]
}

/**
 * Regular files below a folder, links followed within it. Nothing is opened. A link that leads out of the folder, to nothing
 * or to itself throws `refused` with the names of all, unless the patterns leave it out; the Hub's own links from a snapshot
 * to its blobs and what `allowLinks` names are followed. FIFOs, sockets, devices and names that no lock can hold are listed
 * as skipped. Throws `refused` for a path
 * where no folder is, and `not-found` for one that cannot be read.
 */
export async function listFolder(root: string, source: FolderOptions): Promise<FolderListing> {
  const real = await realpath(root).catch((error: unknown) => {
    throw unlistable(root, error)
  })
  await refuseOtherKinds(root, real)
  const walk: Walk = { source, root: real, blobs: await blobsOf(real), refused: [], files: [], skipped: [] }
  await walkFolder(walk, real, '', [real])
  if (walk.refused.length > 0) throw refusal(root, walk.refused)
  return { files: walk.files, skipped: walk.skipped }
}

async function walkFolder(
  walk: Walk,
  folder: string,
  prefix: string,
  above: readonly string[],
): Promise<void> {
  const names = await readdir(Buffer.from(folder), { encoding: 'buffer' }).catch((error: unknown) => {
    throw unlistable(folder, error)
  })
  for (const name of names.sort(Buffer.compare)) {
    const path = `${prefix}${shown(name)}`
    if (!isUtf8(name)) skip(walk, path, 'its name is not UTF-8')
    else if (!isSafePath(name.toString()))
      skip(walk, path, 'its name holds a backslash, a newline or another control character')
    else await visit(walk, join(folder, name.toString()), path, above)
  }
}

async function visit(walk: Walk, place: string, path: string, above: readonly string[]): Promise<void> {
  const info = await lstat(place).catch((error: unknown) => {
    throw errnoOf(error) === 'ENOENT' ? changing(walk, path) : unlistable(place, error)
  })
  if (info.isDirectory()) return walkFolder(walk, place, `${path}/`, above)
  if (info.isSymbolicLink()) return visitLink(walk, place, path, above)
  const kind = kindOf(info)
  if (kind === undefined) walk.files.push({ path, sizeBytes: info.size })
  else skip(walk, path, `${kind}, and no file`)
}

async function visitLink(walk: Walk, place: string, path: string, above: readonly string[]): Promise<void> {
  const target = await realpath(place).catch((error: unknown) => error)
  if (typeof target !== 'string') return refuse(walk, path, brokenWords(target))
  const info = await stat(target).catch((error: unknown) => {
    throw errnoOf(error) === 'ENOENT' ? changing(walk, path) : unlistable(target, error)
  })
  const isInside = isBelow(target, walk.root)
  if (info.isDirectory()) {
    if (isInside) return skip(walk, path, 'a link to a folder whose files stand at their own place')
    if (!isAllowed(walk, path)) return refuse(walk, path, 'a link that leads out of the folder')
    if (above.some((folder) => isBelow(folder, target)))
      return refuse(walk, path, 'a link to a folder above it')
    return walkFolder(walk, target, `${path}/`, [...above, target])
  }
  const kind = kindOf(info)
  if (kind !== undefined) return skip(walk, path, `a link to ${kind}, and no file`)
  const isBlob = walk.blobs !== undefined && isBelow(target, walk.blobs)
  if (!isInside && !isBlob && !isAllowed(walk, path))
    return refuse(walk, path, 'a link that leads out of the folder')
  walk.files.push({ path, sizeBytes: info.size })
}

/** Listed a moment ago and gone now: what took it away may be renaming it to a file that belongs to the model. */
function changing({ root }: Walk, path: string): WeightsError {
  return new WeightsError('refused', {
    attempted: `list the folder ${root}`,
    found: `${path} went away while the folder was listed`,
    hint: 'somebody is changing the folder: wait until the download or copy into it is done',
  })
}

function skip({ skipped }: Walk, path: string, reason: string): void {
  skipped.push({ path, sizeBytes: 0, reason })
}

/** What the patterns leave out anyway stops nothing. */
function refuse({ refused, source }: Walk, path: string, words: string): void {
  if (isWanted(path, source) || isWanted(`${path}/x`, source)) refused.push(`${path}: ${words}`)
}

function isAllowed({ source }: Walk, path: string): boolean {
  return source.allowLinks?.some((pattern) => matchesPattern(path, pattern)) ?? false
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`)
}

/** In the Hub's cache `models--OWNER--NAME/snapshots/COMMIT` holds links to `models--OWNER--NAME/blobs`. */
async function blobsOf(root: string): Promise<string | undefined> {
  for (let folder = root; folder !== dirname(folder); folder = dirname(folder))
    if (basename(dirname(folder)) === 'snapshots' && /^models--/.test(basename(dirname(dirname(folder)))))
      return realpath(join(dirname(dirname(folder)), 'blobs')).catch(() => undefined)
  return undefined
}

/** A name as a message and a lock show it: one line, with bytes that are no text as `\xff`. */
function shown(name: Buffer): string {
  const text = isUtf8(name) ? name.toString() : name.toString('latin1')
  return [...text]
    .map((character) => {
      const code = character.codePointAt(0) ?? 0
      const isPlain = code >= 0x20 && code !== 0x7f && (isUtf8(name) || code < 0x7f)
      return isPlain ? character : `\\x${code.toString(16).padStart(2, '0')}`
    })
    .join('')
}

function brokenWords(error: unknown): string {
  const code = errnoOf(error)
  if (code === 'ENOENT') return 'a link to nothing'
  return code === 'ELOOP'
    ? 'a link that leads to itself'
    : `a link that cannot be followed (${code ?? messageOf(error)})`
}

function refusal(root: string, refused: readonly string[]): WeightsError {
  const more = refused.length > 20 ? [`and ${refused.length - 20} more`] : []
  return new WeightsError('refused', {
    attempted: `list the folder ${root}`,
    found: [...refused.slice(0, 20), ...more].join('\n  '),
    hint: 'put the files themselves into the folder or leave the links out with `exclude`; a link that may lead out of the folder goes into weights.source.allowLinks by its name',
  })
}

/** What the recipe names wrongly is `refused`; a folder that is there and cannot be read is `not-found`. */
function unlistable(place: string, error: unknown): WeightsError {
  const code = errnoOf(error)
  const wrong = { ENOTDIR: 'part of its path is no folder', ENOENT: 'there is nothing' }[code ?? '']
  return new WeightsError(wrong === undefined ? 'not-found' : 'refused', {
    attempted: `list the folder ${place}`,
    found: wrong ?? code ?? messageOf(error),
    hint: 'a folder is taken relative to the recipe file; check `path` and its permissions',
    cause: error,
  })
}

async function refuseOtherKinds(root: string, real: string): Promise<void> {
  const info = await stat(real)
  if (info.isDirectory()) return
  throw new WeightsError('refused', {
    attempted: `list the folder ${root}`,
    found: `it is ${kindOf(info) ?? 'a file'}`,
    hint: info.isFile()
      ? `name the folder around it, and the file alone by \`include: [${JSON.stringify(basename(root))}]\``
      : 'a folder is taken relative to the recipe file; name the one that holds the weights',
  })
}
