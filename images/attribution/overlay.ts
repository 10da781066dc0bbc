import { posix } from 'node:path'
import type { LayerEntry, LayerFiles } from './layer-files.ts'

/** Content of a file with all its names. `layer` is the index of the layer that brought it. */
export interface Content {
  path: string
  sizeBytes: number
  layer: number
  sha256?: string
  gpuCode?: Record<string, number>
  names: number
}

/** Bytes that are stored and pulled, but that no container can see. */
export interface ShadowedFile {
  path: string
  sizeBytes: number
  layer: number
  /** The layer whose entry or whiteout took its place; the same layer when a tar holds a path twice. */
  byLayer: number
  how: 'overwritten' | 'removed'
}

export interface VisibleEntry {
  path: string
  type: LayerEntry['type']
  mode: number
  target?: string
  content?: Content
}

interface Node {
  type: LayerEntry['type']
  mode: number
  target?: string
  content?: Content
  children: Map<string, Node>
}

interface Overlay {
  root: Node
  shadowed: ShadowedFile[]
}

type Fate = Pick<ShadowedFile, 'byLayer' | 'how'>

const whiteoutPrefix = '.wh.'
const opaqueName = '.wh..wh..opq'
/** As many links as Linux follows. */
const mostLinks = 40

/**
 * Lays layers over each other as a container runtime unpacks them: later entries replace earlier ones, whiteouts take away
 * what lower layers have, links among the folders above an entry are followed, and a file is gone when its last name is.
 */
export function overlay(layers: readonly LayerFiles[]): {
  visible: VisibleEntry[]
  shadowed: ShadowedFile[]
} {
  const state: Overlay = { root: newFolder(), shadowed: [] }
  layers.forEach(({ entries }, layer) => {
    // Whiteouts are about lower layers only, wherever in the tar they stand.
    for (const entry of entries) if (isWhiteout(entry)) applyWhiteout(state, entry, layer)
    for (const entry of entries) if (!isWhiteout(entry)) applyEntry(state, entry, layer)
  })
  const visible: VisibleEntry[] = []
  collect(state.root, '', visible)
  return { visible, shadowed: state.shadowed.sort(bySize) }
}

function isWhiteout({ path }: LayerEntry): boolean {
  return posix.basename(path).startsWith(whiteoutPrefix)
}

function applyWhiteout(state: Overlay, { path }: LayerEntry, layer: number): void {
  const folder = findNode(state.root, posix.dirname(path))
  const name = posix.basename(path)
  const fate: Fate = { byLayer: layer, how: 'removed' }
  if (folder === undefined) return
  if (name === opaqueName) for (const child of [...folder.children.keys()]) drop(state, folder, child, fate)
  else drop(state, folder, name.slice(whiteoutPrefix.length), fate)
}

function applyEntry(state: Overlay, entry: LayerEntry, layer: number): void {
  if (entry.path === '/') {
    state.root.mode = entry.mode
    return
  }
  const linked = entry.type === 'hardlink' ? findNode(state.root, entry.target ?? '/', false) : undefined
  const folder = makeFolder(state, posix.dirname(entry.path), layer)
  const name = posix.basename(entry.path)
  const present = folder.children.get(name)
  if (present !== undefined && present === linked) return
  if (present?.type === 'folder' && entry.type === 'folder') {
    present.mode = entry.mode
    return
  }
  const node = nodeOf(entry, layer, linked)
  if (node.content) node.content.names += 1
  if (present) drop(state, folder, name, { byLayer: layer, how: 'overwritten' })
  folder.children.set(name, node)
}

function nodeOf(entry: LayerEntry, layer: number, linked: Node | undefined): Node {
  const { type, mode, target, path, sizeBytes, sha256, gpuCode } = entry
  if (type === 'hardlink')
    return linked ? { ...linked, children: new Map() } : { type, mode, children: new Map() }
  return {
    type,
    mode,
    children: new Map(),
    ...(target === undefined ? {} : { target }),
    ...(type === 'file' && {
      content: {
        path,
        sizeBytes,
        layer,
        names: 0,
        ...(sha256 === undefined ? {} : { sha256 }),
        ...(gpuCode === undefined ? {} : { gpuCode }),
      },
    }),
  }
}

/** Takes a name away, and with the last name of a content its bytes out of sight. */
function drop(state: Overlay, folder: Node, name: string, fate: Fate): void {
  const node = folder.children.get(name)
  if (node === undefined) return
  folder.children.delete(name)
  const { content } = node
  if (content) {
    content.names -= 1
    const { path, sizeBytes, layer } = content
    if (content.names === 0 && sizeBytes > 0) state.shadowed.push({ path, sizeBytes, layer, ...fate })
  }
  for (const child of [...node.children.keys()]) drop(state, node, child, fate)
}

/** The folder at a path, links followed; what is missing or in the way becomes a folder, as runtimes do it. */
function makeFolder(state: Overlay, path: string, layer: number, links = 0): Node {
  const found = findNode(state.root, path)
  if (found?.type === 'folder') return found
  const parent = makeFolder(state, posix.dirname(path), layer, links)
  const name = posix.basename(path)
  const present = parent.children.get(name)
  // A link to a folder that no tar has named yet.
  if (present?.type === 'link' && links < mostLinks)
    return makeFolder(state, posix.resolve(posix.dirname(path), present.target ?? ''), layer, links + 1)
  drop(state, parent, name, { byLayer: layer, how: 'overwritten' })
  const folder = newFolder()
  parent.children.set(name, folder)
  return folder
}

/** Walks down from the root; links are followed, the last part's only when `followLast`. */
function findNode(root: Node, path: string, followLast = true): Node | undefined {
  const left = path.split('/').filter((part) => part !== '')
  let trail = [root]
  for (let links = 0; ; ) {
    const part = left.shift()
    if (part === undefined) return trail.at(-1)
    if (part === '..') {
      if (trail.length > 1) trail.pop()
      continue
    }
    if (part === '.') continue
    const node = trail.at(-1)?.children.get(part)
    if (node === undefined) return undefined
    if (node.type !== 'link' || (left.length === 0 && !followLast)) trail.push(node)
    else if (++links > mostLinks) return undefined
    else {
      const target = node.target ?? ''
      if (target.startsWith('/')) trail = [root]
      left.unshift(...target.split('/').filter((piece) => piece !== ''))
    }
  }
}

function collect(node: Node, path: string, visible: VisibleEntry[]): void {
  for (const [name, child] of node.children) {
    const { type, mode, target, content } = child
    const here = `${path}/${name}`
    visible.push({
      path: here,
      type,
      mode,
      ...(target === undefined ? {} : { target }),
      ...(content === undefined ? {} : { content }),
    })
    collect(child, here, visible)
  }
}

function newFolder(): Node {
  return { type: 'folder', mode: 0o755, children: new Map() }
}

/** Largest first, then by path. */
export function bySize(
  a: { sizeBytes: number; path: string },
  b: { sizeBytes: number; path: string },
): number {
  return b.sizeBytes - a.sizeBytes || (a.path < b.path ? -1 : 1)
}
