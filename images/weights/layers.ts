import { digestOf, hexOf } from '../../lib/digest.ts'
import { canonicalJson } from '../../lib/json.ts'
import type { LockedFile, LockedPart } from '../../recipes/locked-weights.ts'
import { sortFiles, type WeightFile } from '../../recipes/weights.ts'
import { refuseOversize } from './registry-limits.ts'
import { paddingBytes, type TarEntryFacts, tarHeader, trailerBytes } from './tar-header.ts'

/** One member of a weight layer. A file's bytes come from the source, so only its name, size and hash are here. */
export type WeightEntry =
  | { type: 'directory'; path: string }
  | { type: 'symlink'; path: string; target: string }
  | { type: 'text'; path: string; text: string }
  | { type: 'file'; path: string; file: WeightFile }
  | { type: 'part'; path: string; file: WeightFile; part: LockedPart; index: number }

/**
 * A tar that is known before a byte of it was read. `key` names it by content (hex of a sha256 over its entries): the
 * same files at the same paths have the same key, whatever the recipe or engine. `sizeBytes` is the exact size of the tar.
 */
export interface WeightLayer {
  key: string
  cause: string
  entries: WeightEntry[]
  sizeBytes: number
}

export interface LayerLimits {
  /** Files below this share one layer. Default 64 MB. */
  smallFileBytes?: number
  /** Largest layer that the target registry takes. Default: no limit. */
  maxLayerBytes?: number
  /** Most layers for weights; beyond it, neighbouring files share one. Default 96, as an image may have 127 in all. */
  maxLayers?: number
}

export interface WeightLayerOptions extends LayerLimits {
  /** Absolute, `/models/NAME`; `/` for an image that is mounted as the model folder itself. */
  modelFolder: string
}

/** A file of a lock; one with a split becomes its parts. */
export type PlannedFile = WeightFile & { split?: LockedFile['split'] }

/** A stretch of a weight layer's tar: bytes known from the plan, or the payload of a file. */
export type TarSegment =
  | { type: 'bytes'; bytes: Uint8Array; sizeBytes: number }
  | { type: 'file'; file: WeightFile; sizeBytes: number }
  /** The header of a part, built from the head of the file; its hash is known. */
  | { type: 'header'; file: WeightFile; index: number; sha256: string; sizeBytes: number }
  /** A stretch of a file that is hashed as a whole over several layers. */
  | { type: 'range'; file: WeightFile; start: number; sizeBytes: number }

/**
 * Layers for a set of files: first the folders, then the small files together, then one layer a file. The folders have a
 * layer of their own (some KB) so that every other layer depends on its file alone and is shared between sets. Throws
 * `refused` when a file is larger than a layer may be.
 */
export function planWeightLayers(files: readonly PlannedFile[], options: WeightLayerOptions): WeightLayer[] {
  const root = options.modelFolder.replace(/^\/+|\/+$/g, '')
  const entries = sortFiles(files).flatMap((file) => entriesOf(file, root))
  return groupIntoLayers([...foldersOf(entries.map((entry) => entry.path)), ...entries], options)
}

function entriesOf({ path, sizeBytes, sha256, split }: PlannedFile, root: string): WeightEntry[] {
  const file = { path, sizeBytes, sha256 }
  const inRoot = (name: string) => (root === '' ? name : `${root}/${name}`)
  if (!split) return [{ type: 'file', path: inRoot(path), file }]
  return split.parts.map((part, index) => ({ type: 'part', path: inRoot(part.path), file, part, index }))
}

/** The same for any set of entries: what has no bytes to fetch shares the first layer. */
export function groupIntoLayers(
  entries: readonly WeightEntry[],
  { smallFileBytes = 64e6, maxLayerBytes = Number.POSITIVE_INFINITY, maxLayers = 96 }: LayerLimits,
): WeightLayer[] {
  const files = entries.filter((entry) => entry.type === 'file')
  const parts = entries.filter((entry) => entry.type === 'part')
  const layout = entries.filter((entry) => entry.type !== 'file' && entry.type !== 'part')
  const small = files.filter(({ file }) => file.sizeBytes < smallFileBytes)
  const large = files.filter(({ file }) => file.sizeBytes >= smallFileBytes)
  refuseOversize(
    [...files, ...parts].filter((entry) => layerBytes([entry]) > maxLayerBytes).map(({ file }) => file),
    maxLayerBytes,
  )
  const smallGroups = groupBySize(small, maxLayerBytes)
  const perLayer = Math.ceil(large.length / Math.max(1, maxLayers - smallGroups.length - parts.length - 1))
  return [
    ...(layout.length > 0 ? [weightLayer('weights: folders', layout)] : []),
    ...smallGroups.map((group) => weightLayer(`weights: ${group.length} small files`, group)),
    ...groupBySize(large, maxLayerBytes, perLayer).map((group) => weightLayer(causeOf(group), group)),
    ...parts.map((entry) => weightLayer(`weights: ${entry.part.path}`, [entry])),
  ]
}

/** A layer with its exact size and key. Entries keep the order given. */
export function weightLayer(cause: string, entries: WeightEntry[]): WeightLayer {
  const identity = entries.map((entry) => {
    if (entry.type !== 'file' && entry.type !== 'part') return { ...entry }
    const { sha256, sizeBytes } = entry.file
    return {
      type: entry.type,
      path: entry.path,
      sha256,
      sizeBytes,
      ...(entry.type === 'part' ? { part: entry.part } : {}),
    }
  })
  return {
    key: hexOf(digestOf(canonicalJson(['tar-1', ...identity]))),
    cause,
    entries,
    sizeBytes: layerBytes(entries),
  }
}

/** Every folder above the given paths, outermost first. */
export function foldersOf(paths: readonly string[]): WeightEntry[] {
  const folders = paths.flatMap((path) => {
    const parts = path.split('/').slice(0, -1)
    return parts.map((_, i) => `${parts.slice(0, i + 1).join('/')}/`)
  })
  return [...new Set(folders)].sort().map((path) => ({ type: 'directory', path }))
}

/** The stretches of the layer's tar, in order; their sizes add up to `sizeBytes`. */
export function tarSegments(layer: WeightLayer): TarSegment[] {
  const known = (bytes: Uint8Array): TarSegment => ({ type: 'bytes', bytes, sizeBytes: bytes.length })
  const segments = layer.entries.flatMap((entry): TarSegment[] => {
    const header = tarHeader(memberOf(entry))
    if (entry.type === 'file')
      return [
        known(header),
        { type: 'file', file: entry.file, sizeBytes: entry.file.sizeBytes },
        known(Buffer.alloc(paddingBytes(entry.file.sizeBytes))),
      ]
    if (entry.type === 'part') {
      const { file, part, index } = entry
      return [
        known(header),
        { type: 'header', file, index, sha256: part.headerSha256, sizeBytes: part.headerBytes },
        { type: 'range', file, start: part.start, sizeBytes: part.end - part.start },
        known(Buffer.alloc(paddingBytes(partBytes(part)))),
      ]
    }
    const body = Buffer.from(entry.type === 'text' ? entry.text : '')
    return [known(Buffer.concat([header, body, Buffer.alloc(paddingBytes(body.length))]))]
  })
  return [...segments, known(Buffer.alloc(trailerBytes))].filter(
    (segment) => segment.type !== 'bytes' || segment.sizeBytes > 0,
  )
}

function memberOf(entry: WeightEntry): TarEntryFacts {
  if (entry.type === 'file') return { path: entry.path, type: 'file', sizeBytes: entry.file.sizeBytes }
  if (entry.type === 'part') return { path: entry.path, type: 'file', sizeBytes: partBytes(entry.part) }
  if (entry.type === 'text')
    return { path: entry.path, type: 'file', sizeBytes: Buffer.byteLength(entry.text) }
  if (entry.type === 'symlink')
    return { path: entry.path, type: 'symlink', sizeBytes: 0, linkTarget: entry.target }
  return { path: entry.path, type: 'directory', sizeBytes: 0 }
}

/** Size of the file that a part becomes. */
export function partBytes({ headerBytes, start, end }: LockedPart): number {
  return headerBytes + end - start
}

function sizeOfEntries(entries: readonly WeightEntry[]): number {
  return entries.reduce((sum, entry) => {
    const member = memberOf(entry)
    return sum + tarHeader(member).length + member.sizeBytes + paddingBytes(member.sizeBytes)
  }, 0)
}

/** Size of the tar that holds these entries and nothing else. */
function layerBytes(entries: readonly WeightEntry[]): number {
  return sizeOfEntries(entries) + trailerBytes
}

function groupBySize<Entry extends WeightEntry>(
  entries: readonly Entry[],
  maxLayerBytes: number,
  maxEntries = Number.POSITIVE_INFINITY,
): Entry[][] {
  const groups: { entries: Entry[]; sizeBytes: number }[] = []
  for (const entry of entries) {
    const sizeBytes = sizeOfEntries([entry])
    const last = groups.at(-1)
    const fits =
      last !== undefined &&
      last.entries.length < maxEntries &&
      last.sizeBytes + sizeBytes + trailerBytes <= maxLayerBytes
    if (fits) {
      last.entries.push(entry)
      last.sizeBytes += sizeBytes
    } else groups.push({ entries: [entry], sizeBytes })
  }
  return groups.map((group) => group.entries)
}

function causeOf(group: readonly { file: WeightFile }[]): string {
  const first = group[0]?.file.path ?? ''
  return group.length === 1 ? `weights: ${first}` : `weights: ${first} and ${group.length - 1} more`
}
