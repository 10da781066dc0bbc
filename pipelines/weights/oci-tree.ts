import { posix } from 'node:path'
import type { LayerDescriptor } from './oci-layers.ts'
import type { TarEntry } from './tar-files.ts'
import type { Compression } from './unpack.ts'

/** What one layer holds. `isImage` says that names of whiteouts mean what they mean in images. */
export interface ArchiveListing {
  layer: LayerDescriptor
  isImage: boolean
  compression: Compression
  entries: readonly TarEntry[]
}

export interface PlacedFile {
  sizeBytes: number
  sha256: string
  /** `LAYER/OFFSET`, and behind it how the layer is packed. */
  from: string
  layer: LayerDescriptor
}

export type TreeNode =
  | { type: 'file'; file: PlacedFile }
  /** `isRooted` where a root is around it, which nothing lies above. */
  | { type: 'link'; target: string; isRooted: boolean }
  | { type: 'folder' }
  | { type: 'other'; kind: string }

/** Files as a container of these layers has them, by their path from the root, without a slash at either end. */
export interface LayerTree {
  nodes: Map<string, TreeNode>
  /** What is no part of any model, one line each. */
  unread: string[]
}

const whiteout = /^(?:(.*)\/)?\.wh\.([^/]+)$/
const opaque = '.wh..opq'

/** Lays layers over each other, the first at the bottom. */
export function layTree(listings: readonly ArchiveListing[]): LayerTree {
  const tree: LayerTree = { nodes: new Map([['', { type: 'folder' }]]), unread: [] }
  for (const listing of listings) {
    const entries = listing.entries.map((entry) => ({
      ...entry,
      path: cleanPath(entry.path, listing.isImage),
    }))
    // A whiteout speaks of the layers below its own, wherever in the tar it stands.
    if (listing.isImage) for (const { path } of entries) applyWhiteout(tree, path)
    for (const entry of entries)
      if (!(listing.isImage && whiteout.test(entry.path))) addEntry(tree, entry, listing)
  }
  return tree
}

/** A container's root has nothing above it; in an archive of files a name that leads up is kept, to be refused. */
function cleanPath(path: string, isImage: boolean): string {
  const clean = posix.normalize(isImage ? `/${path}` : path.replace(/^(\.?\/)+/, ''))
  return clean.replace(/^\/+|\/+$/g, '').replace(/^\.$/, '')
}

function applyWhiteout({ nodes }: LayerTree, path: string): void {
  const [, folder = '', name = ''] = whiteout.exec(path) ?? []
  if (name === '') return
  const target = name === opaque ? folder : join(folder, name)
  removeBelow(nodes, target)
  if (target !== folder) nodes.delete(target)
}

function removeBelow(nodes: Map<string, TreeNode>, folder: string): void {
  for (const path of nodes.keys()) if (path !== '' && isBelow(path, folder)) nodes.delete(path)
}

function addEntry(tree: LayerTree, entry: TarEntry, listing: ArchiveListing): void {
  const { nodes } = tree
  const { path } = entry
  if (path === '') return
  if (path.split('/').includes('..')) {
    tree.unread.push(
      `${labelOf(listing)}: its member ${JSON.stringify(path)} leads out of the model's folder`,
    )
    return
  }
  const node = nodeOf(tree, entry, listing)
  if (node === undefined) return
  if (node.type !== 'folder' && nodes.get(path)?.type === 'folder') removeBelow(nodes, path)
  nodes.set(path, node)
  for (let above = parentOf(path); above !== ''; above = parentOf(above)) {
    const there = nodes.get(above)?.type
    if (there !== 'folder' && there !== 'link') nodes.set(above, { type: 'folder' })
  }
}

function nodeOf(tree: LayerTree, entry: TarEntry, listing: ArchiveListing): TreeNode | undefined {
  switch (entry.type) {
    case 'file':
      return { type: 'file', file: placed(entry, listing) }
    case 'link':
      return { type: 'link', target: entry.target, isRooted: listing.isImage }
    case 'hard-link': {
      const target = tree.nodes.get(cleanPath(entry.target, listing.isImage))
      if (target !== undefined && target.type !== 'folder') return target
      tree.unread.push(
        `${labelOf(listing)}: ${entry.path} is a hard link to ${entry.target}, which is not there`,
      )
      return undefined
    }
    case 'folder':
      return tree.nodes.get(entry.path)?.type === 'link' ? undefined : { type: 'folder' }
    case 'other':
      return { type: 'other', kind: entry.kind }
  }
}

function placed(
  { sizeBytes, sha256, offset }: TarEntry & { type: 'file' },
  { layer, compression }: ArchiveListing,
): PlacedFile {
  const place = `${layer.digest.slice('sha256:'.length)}/${offset}`
  return { sizeBytes, sha256, from: compression === 'none' ? place : `${place}/${compression}`, layer }
}

function labelOf({ layer }: ArchiveListing): string {
  return `${layer.mediaType} (${layer.digest.slice(0, 19)})`
}

/** The place that a path leads to when every link on its way is followed; undefined where that is nothing. */
export function followLinks({ nodes }: LayerTree, path: string): string | undefined {
  let rest = path.split('/')
  let at = ''
  let isRooted = true
  for (let steps = 0; rest.length > 0; steps += 1) {
    const [part = '', ...others] = rest
    rest = others
    if (part === '' || part === '.') continue
    if (part === '..') {
      if (at === '' && !isRooted) return undefined
      at = parentOf(at)
      continue
    }
    const next = join(at, part)
    const node = nodes.get(next)
    if (node === undefined || steps > mostSteps) return undefined
    if (node.type !== 'link') at = next
    else {
      isRooted = node.isRooted
      rest = [...node.target.split('/'), ...rest]
      if (node.target.startsWith('/') && !isRooted) return undefined
      if (node.target.startsWith('/')) at = ''
    }
  }
  return at
}

/** Links that lead to each other have no end. */
const mostSteps = 255

export function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

export function isBelow(path: string, folder: string): boolean {
  return folder === '' || path.startsWith(`${folder}/`)
}
