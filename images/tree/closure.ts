import { posix } from 'node:path'
import picomatch from 'picomatch'
import type { NeededFiles } from '../slim-rules/slimming.ts'
import type { Inventory, TreeEntry } from './inventory.ts'

/** A library that something needs and no file provides. */
export interface MissingLibrary {
  path: string
  needs: string
}

export interface ClosureResult {
  /** Paths needed, each with what first asked for it. */
  needed: Map<string, string>
  missing: MissingLibrary[]
}

/**
 * Everything the roots load: their interpreters, the libraries they name, and the links on the way. Search order as in
 * ld.so(8): the file's own run path, then the folders of `searchFolders`. `isRuled` says whether a removal rule names a path.
 */
export function closureOf(
  inventory: Inventory,
  closure: NeededFiles,
  isRuled: (path: string) => boolean = () => false,
): ClosureResult {
  const byPath = new Map(inventory.entries.map((entry) => [entry.path, entry]))
  const folders = librarySearchFolders(inventory)
  const isFixed = picomatch([...closure.roots, ...closure.data, ...alwaysKept], { dot: true })
  const isContent = picomatch([...(closure.contents ?? [])], { dot: true })
  const whole = new Set(closure.packages ?? [])
  const isRoot = ({ path, package: owner }: TreeEntry) =>
    isFixed(path) || ((isContent(path) || (owner !== undefined && whole.has(owner))) && !isRuled(path))
  const result: ClosureResult = { needed: new Map(), missing: [] }
  const queue = inventory.entries
    .filter((entry) => entry.type !== 'folder' && isRoot(entry))
    .map((entry) => ({ path: entry.path, cause: 'root' }))
  for (const name of closure.loads ?? []) {
    const path = name.startsWith('/') ? name : libraryAt(name, folders, byPath)
    if (path === undefined) result.missing.push({ path: 'image.files', needs: name })
    else queue.push({ path, cause: 'image.files' })
  }
  for (let item = queue.pop(); item !== undefined; item = queue.pop()) {
    const path = realFolder(item.path, byPath)
    const entry = byPath.get(path)
    if (entry === undefined || result.needed.has(path)) continue
    result.needed.set(path, item.cause)
    queue.push(
      ...dependenciesOf(entry, byPath, folders, result.missing).map((path) => ({ path, cause: entry.path })),
    )
  }
  return result
}

/** Data of the C library and the loader that no program names in its headers, and the package list that scanners read. */
const alwaysKept = [
  '/usr/lib/locale/C.utf8/**',
  '/etc/ld.so.cache',
  '/var/lib/dpkg/status',
  '/etc/os-release',
  '/usr/lib/os-release',
  '/etc/debian_version',
]

function dependenciesOf(
  entry: TreeEntry,
  byPath: ReadonlyMap<string, TreeEntry>,
  folders: readonly string[],
  missing: MissingLibrary[],
): string[] {
  if (entry.type === 'link') return [posix.resolve(posix.dirname(entry.path), entry.linkTarget ?? '')]
  if (!entry.elf) return []
  const origin = posix.dirname(entry.path)
  const search = [...entry.elf.runPath.map((path) => path.replace(/\$\{?ORIGIN\}?/g, origin)), ...folders]
  const libraries = entry.elf.needed.flatMap((name) => {
    const found = libraryAt(name, search, byPath)
    if (found === undefined) missing.push({ path: entry.path, needs: name })
    return found ?? []
  })
  return entry.elf.interpreter === undefined ? libraries : [...libraries, entry.elf.interpreter]
}

/** Where a library is, in the first of the folders that has it. */
function libraryAt(
  name: string,
  folders: readonly string[],
  byPath: ReadonlyMap<string, TreeEntry>,
): string | undefined {
  return folders
    .map((folder) => realFolder(posix.join(folder, name), byPath))
    .find((path) => byPath.has(path))
}

/** The path with every folder on the way that is a link replaced by its target: `/lib64/x` is `/usr/lib64/x`. */
function realFolder(path: string, byPath: ReadonlyMap<string, TreeEntry>): string {
  let real = '/'
  const parts = posix
    .normalize(path)
    .split('/')
    .filter((part) => part !== '')
  parts.forEach((part, index) => {
    real = posix.join(real, part)
    const entry = byPath.get(real)
    if (index < parts.length - 1 && entry?.type === 'link')
      real = posix.resolve(posix.dirname(real), entry.linkTarget ?? '')
  })
  return real
}

/** Debian's loader searches these; packages add theirs through links or run paths. */
function librarySearchFolders(inventory: Inventory): string[] {
  const multiarch = inventory.entries.flatMap(
    (entry) => /^\/usr\/lib\/[a-z0-9_]+-linux-gnu$/.exec(entry.path)?.[0] ?? [],
  )
  return [...multiarch, '/usr/local/lib', '/usr/lib', '/usr/lib64', '/usr/local/cuda/lib64', '/app']
}
