import { posix } from 'node:path'
import { digestOf, hexOf } from '../../lib/digest.ts'
import { canonicalJson } from '../../lib/json.ts'
import type { Lock } from '../../recipes/lock.ts'
import type { TarEntryFacts } from '../weights/tar-header.ts'

/** A file of the recipe and its place in the image. */
export interface OwnFile {
  path: string
  /** Relative to the recipe. */
  from: string
  sizeBytes: number
  sha256: string
  executable?: true
}

export interface OwnLayer {
  /** Hash over paths, bits and hashes: the same key gives the same bytes. */
  key: string
  files: OwnFile[]
}

/** Files that a lock has, sorted by path. */
export function ownLayerOf({ ownFiles }: Lock): OwnLayer | undefined {
  if (ownFiles === undefined) return undefined
  const files = ownFiles
    .flatMap(({ from, to, files: own }) =>
      own.map(({ path, ...facts }) => ({
        path: path === '' ? to : `${to}/${path}`,
        from: path === '' ? from : `${from}/${path}`,
        ...facts,
      })),
    )
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  const facts = files.map(({ path, sizeBytes, sha256, executable = false }) => [
    path,
    sizeBytes,
    sha256,
    executable,
  ])
  return { key: hexOf(digestOf(canonicalJson(facts))), files }
}

/** Members of the layer in the order of its tar: each folder before what is in it. */
export function ownLayerEntries({ files }: OwnLayer): { entry: TarEntryFacts; file?: OwnFile }[] {
  const folders = new Set(files.flatMap(({ path }) => foldersAbove(path)))
  const entries = [
    ...[...folders].map((path) => ({
      entry: { path: `${path.slice(1)}/`, type: 'directory' as const, sizeBytes: 0 },
    })),
    ...files.map((file) => ({
      entry: {
        path: file.path.slice(1),
        type: 'file' as const,
        sizeBytes: file.sizeBytes,
        ...(file.executable && { executable: true }),
      },
      file,
    })),
  ]
  return entries.sort((a, b) => (a.entry.path < b.entry.path ? -1 : 1))
}

function foldersAbove(path: string): string[] {
  const folder = posix.dirname(path)
  return folder === '/' ? [] : [...foldersAbove(folder), folder]
}
