import { optional } from '../../lib/optional.ts'
import { PlanError } from '../error.ts'
import { licencesByPackage } from './copyright.ts'
import { type InstalledPackage, parseStatus } from './dpkg-status.ts'

/** One entry of the finished root file system. `path` is absolute; `package` is the distribution package that owns it. */
export interface TreeEntry {
  path: string
  type: 'file' | 'folder' | 'link'
  /** Bytes of a file; 0 for the second and later names of a hard-linked one. */
  sizeBytes: number
  mode: string
  linkTarget?: string
  package?: string
  elf?: ElfFacts
}

/** What the dynamic loader reads of a program or library. */
export interface ElfFacts {
  needed: string[]
  runPath: string[]
  interpreter?: string
}

export interface Inventory {
  /** Sorted by path by code unit, without the root itself. */
  entries: TreeEntry[]
  /** Distribution packages that the base image had before anything was installed. */
  basePackages: string[]
  /** Licences by Debian package, as far as its copyright file names them for programs. */
  licences?: Record<string, string[]>
  /** What dpkg's list says of each package; absent where nobody read it. */
  status?: Record<string, InstalledPackage>
  /** Paths that a package's list has and the tree has not, with the package: moved by a diversion, or never unpacked. */
  unfound?: { path: string; package: string }[]
}

/** The raw listings that the packing container writes; their formats stand beside the commands in pipelines/build/packing.ts. */
export interface RawInventory {
  /** `find -printf '%y\t%m\t%s\t%i\t%P\t%l\0'` */
  tree: string
  /** `scanelf -F '%n\t%r\t%i\t%F'`, one line a file */
  elf: string
  /** `package\tpath` lines out of dpkg's lists; empty for a base without dpkg */
  owners: string
  /** Names of the base's packages, one a line */
  basePackages: string
  /** `grep -H '^License:'` over copyright files */
  licences?: string
  /** dpkg's list of packages as it is */
  status?: string
}

export function parseInventory(raw: RawInventory): Inventory {
  const elf = parseElf(raw.elf)
  const owners = parseOwners(raw.owners)
  const seenInodes = new Set<string>()
  const entries = raw.tree
    .split('\0')
    .filter((record) => record !== '')
    .map((record) => parseEntry(record, seenInodes))
    .filter((entry) => entry !== null)
    .map((entry) => ({
      ...entry,
      ...optional('elf', elf.get(entry.path)),
      ...optional('package', owners.get(entry.path) ?? owners.get(sourceOf(entry.path))),
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  const basePackages = raw.basePackages.split('\n').filter((name) => name !== '')
  return {
    entries,
    basePackages,
    licences: licencesByPackage(raw.licences ?? ''),
    status: parseStatus(raw.status ?? ''),
    unfound: unfoundIn(owners, entries),
  }
}

function unfoundIn(owners: ReadonlyMap<string, string>, entries: readonly TreeEntry[]) {
  const found = new Set(entries.map(({ path }) => path))
  const isListed = (path: string) => path.startsWith('/') && path !== '/.' && !found.has(path)
  return [...owners].flatMap(([path, owner]) => (isListed(path) ? [{ path, package: owner }] : []))
}

/** Bytecode belongs to whom its source does: `a/__pycache__/b.cpython-311.pyc` is made of `a/b.py`. */
function sourceOf(path: string): string {
  return path.replace(/\/__pycache__\/([^/.]+)\.[^/]*\.pyc$/, '/$1.py')
}

const types: Record<string, TreeEntry['type']> = { f: 'file', d: 'folder', l: 'link' }

function parseEntry(record: string, seenInodes: Set<string>): TreeEntry | null {
  const [kind = '', mode = '', size = '', inode = '', path = '', target = ''] = record.split('\t')
  const type = types[kind]
  if (path === '') return null
  // Sockets, pipes and devices: a running container makes its own.
  if (type === undefined) return null
  if (!/^\d+$/.test(size))
    throw new PlanError('broken-tree', {
      attempted: 'read the list of files of the finished image',
      found: `a record that is not one: ${JSON.stringify(record.slice(0, 200))}`,
      hint: 'a file name holds a tab; rename it in the base image',
    })
  const again = type === 'file' && seenInodes.has(inode)
  if (type === 'file') seenInodes.add(inode)
  return {
    path: `/${path}`,
    type,
    mode,
    sizeBytes: type === 'file' && !again ? Number(size) : 0,
    ...optional('linkTarget', target || undefined),
  }
}

function parseElf(text: string): Map<string, ElfFacts> {
  const facts = new Map<string, ElfFacts>()
  for (const line of text.split('\n')) {
    const [needed = '', runPath = '', interpreter = '', path = ''] = line.split('\t')
    if (path === '') continue
    facts.set(`/${path.replace(/^(\.?\/)*/, '')}`, {
      needed: list(needed, ','),
      runPath: list(runPath, ':'),
      ...optional('interpreter', blank(interpreter)),
    })
  }
  return facts
}

/** scanelf prints `  -  ` or nothing for what a file does not have. */
function blank(text: string): string | undefined {
  return text.trim() === '' || text.trim() === '-' ? undefined : text.trim()
}

function list(text: string, separator: string): string[] {
  return (
    blank(text)
      ?.split(separator)
      .filter((part) => part !== '') ?? []
  )
}

/** dpkg lists `/lib/…` for what a merged-/usr system holds under `/usr/lib/…`. */
function parseOwners(text: string): Map<string, string> {
  return new Map(
    text.split('\n').map((line) => {
      const [name = '', path = ''] = line.split('\t')
      return [path.replace(/^\/(bin|sbin|lib|lib64|lib32|libx32)\//, '/usr/$1/'), name.replace(/:.*$/, '')]
    }),
  )
}
