import { ownLayerCause } from '../oci/layer-causes.ts'
import { type Cause, causeFinder, causes, type KnownPaths } from './causes.ts'
import { type ImageFacts, imageFacts } from './facts.ts'
import type { LayerFiles } from './layer-files.ts'
import { bySize, type Content, overlay, type ShadowedFile, type VisibleEntry } from './overlay.ts'

/** `kernels sm_90`: GPU code inside of libraries, by architecture; the rest of a library has the library's cause. */
export type AnyCause = Cause | `kernels ${string}`

export interface CauseShare {
  cause: AnyCause
  sizeBytes: number
  /** Files of this cause; kernels are parts of files and count none. */
  files: number
}

export interface LayerShare {
  digest: string
  title: string
  storedBytes: number
  /** Files of this layer as they are unpacked, hidden ones too. */
  unpackedBytes: number
  shadowedBytes: number
  files: number
}

export interface LargeFile {
  path: string
  sizeBytes: number
  cause: Cause
  layer: number
}

/** Files of the same content that are not one file with several names. */
export interface DuplicateGroup {
  sizeBytes: number
  sha256: string
  copies: number
  paths: string[]
}

/**
 * Where every byte of an image comes from. `unpackedBytes` is what its layers take on a disk; `visibleBytes` what a
 * container sees, which is the sum over the causes; the difference is shadowed. Lists are cut, their totals are not.
 */
export interface Attribution {
  storedBytes: number
  unpackedBytes: number
  visibleBytes: number
  files: number
  layers: LayerShare[]
  causes: CauseShare[]
  shadowed: { sizeBytes: number; files: number; largest: ShadowedFile[] }
  /** `sizeBytes` counts every copy but the first. */
  duplicates: { sizeBytes: number; groups: number; largest: DuplicateGroup[] }
  largest: LargeFile[]
  facts: ImageFacts
}

export interface AttributionOptions {
  known?: KnownPaths
  /** Layers of weights alone: everything in them has that cause. */
  weightLayers?: ReadonlySet<string>
  /** Length of the lists. */
  top?: number
}

export function attribute(layers: readonly LayerFiles[], options: AttributionOptions = {}): Attribution {
  const { top = 30 } = options
  const { visible, shadowed } = overlay(layers)
  const contents = contentsOf(visible)
  const causeOf = causesOf(layers, options)
  const shares = layers.map((layer, index) => layerShare(layer, index, shadowed))
  const duplicates = duplicatesOf(contents)
  return {
    storedBytes: sumOf(shares, (share) => share.storedBytes),
    unpackedBytes: sumOf(shares, (share) => share.unpackedBytes),
    visibleBytes: sumOf(contents, (content) => content.sizeBytes),
    files: contents.length,
    layers: shares,
    causes: causeShares(contents, causeOf),
    shadowed: {
      sizeBytes: sumOf(shadowed, (file) => file.sizeBytes),
      files: shadowed.length,
      largest: shadowed.slice(0, top),
    },
    duplicates: {
      sizeBytes: sumOf(duplicates, extraBytes),
      groups: duplicates.length,
      largest: duplicates.slice(0, top).map((group) => ({ ...group, paths: group.paths.slice(0, top) })),
    },
    largest: contents
      .toSorted(bySize)
      .slice(0, top)
      .map((content) => ({
        path: content.path,
        sizeBytes: content.sizeBytes,
        cause: causeOf(content),
        layer: content.layer,
      })),
    facts: imageFacts(visible, top),
  }
}

/** Every content once, under the first of the names that are still there. */
function contentsOf(visible: readonly VisibleEntry[]): Content[] {
  const contents = new Map<Content, Content>()
  for (const { path, content } of visible)
    if (content && !contents.has(content)) contents.set(content, { ...content, path })
  return [...contents.values()]
}

function causesOf(layers: readonly LayerFiles[], { known, weightLayers }: AttributionOptions) {
  const byPath = causeFinder(known)
  const whole = layers.map(({ digest, title }): Cause | undefined => {
    if (weightLayers?.has(digest)) return 'weights'
    return title.replace(/^ingot: /, '') === ownLayerCause ? 'own code' : undefined
  })
  return ({ path, layer }: Content): Cause => whole[layer] ?? byPath(path)
}

function causeShares(contents: readonly Content[], causeOf: (content: Content) => Cause): CauseShare[] {
  const shares = new Map<AnyCause, CauseShare>()
  const add = (cause: AnyCause, sizeBytes: number, files: number) => {
    const share = shares.get(cause) ?? { cause, sizeBytes: 0, files: 0 }
    shares.set(cause, { cause, sizeBytes: share.sizeBytes + sizeBytes, files: share.files + files })
  }
  for (const content of contents) {
    const code = Object.entries(content.gpuCode ?? {})
    for (const [architecture, bytes] of code) add(`kernels ${architecture}`, bytes, 0)
    add(causeOf(content), content.sizeBytes - sumOf(code, ([, bytes]) => bytes), 1)
  }
  return [...shares.values()].sort((a, b) => b.sizeBytes - a.sizeBytes || rank(a.cause) - rank(b.cause))
}

function rank(cause: AnyCause): number {
  const names: readonly string[] = causes
  return names.includes(cause) ? names.indexOf(cause) : names.length
}

function layerShare(
  { digest, title, storedBytes, entries }: LayerFiles,
  index: number,
  shadowed: readonly ShadowedFile[],
): LayerShare {
  const files = entries.filter((entry) => entry.type === 'file')
  return {
    digest,
    title,
    storedBytes,
    unpackedBytes: sumOf(files, (file) => file.sizeBytes),
    shadowedBytes: sumOf(shadowed, (file) => (file.layer === index ? file.sizeBytes : 0)),
    files: files.length,
  }
}

function duplicatesOf(contents: readonly Content[]): DuplicateGroup[] {
  const groups = new Map<string, DuplicateGroup & { path: string }>()
  for (const { path, sizeBytes, sha256 } of contents) {
    if (sha256 === undefined) continue
    const key = `${sizeBytes} ${sha256}`
    const group = groups.get(key) ?? { path, sizeBytes, sha256, copies: 0, paths: [] }
    group.copies += 1
    group.paths.push(path)
    groups.set(key, group)
  }
  return [...groups.values()]
    .filter(({ copies }) => copies > 1)
    .map((group) => ({ ...group, paths: group.paths.sort() }))
    .sort((a, b) => extraBytes(b) - extraBytes(a) || (a.path < b.path ? -1 : 1))
    .map(({ path: _, ...group }) => group)
}

/** Rows that a bar can show, and one for all that are below a thousandth, where those are several. */
export function visibleRows<Row extends { cause: string; sizeBytes: number }>(
  rows: readonly Row[],
  allBytes: number,
): (Row | { cause: string; sizeBytes: number })[] {
  const small = rows.filter(({ sizeBytes }) => sizeBytes < allBytes / 1000)
  if (small.length < 2) return [...rows]
  const sizeBytes = sumOf(small, (row) => row.sizeBytes)
  return [...rows.filter((row) => !small.includes(row)), { cause: `${small.length} smaller`, sizeBytes }]
}

/** Bytes that would go if there were one copy. */
export function extraBytes({ sizeBytes, copies }: DuplicateGroup): number {
  return sizeBytes * (copies - 1)
}

function sumOf<Item>(items: readonly Item[], bytes: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + bytes(item), 0)
}
