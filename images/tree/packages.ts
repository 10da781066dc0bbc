import { optional } from '../../lib/optional.ts'
import type { Inventory, TreeEntry } from './inventory.ts'

/** A package that the tree had before slimming, and how much of it stays. */
export interface PackageContents {
  /** `deb` with dpkg's name, `pypi` with the name of its METADATA. */
  type: 'deb' | 'pypi'
  name: string
  /** Absent where neither dpkg's list nor the name of a `dist-info` folder tells it. */
  version?: string
  architecture?: string
  /** Files and links before slimming, without documentation and what package managers keep for themselves. */
  files: number
  /** How many of them stay. */
  keptFiles: number
  /** Files that its list has and the tree had not: nobody knows where they are. Absent for none. */
  unfoundFiles?: number
  /** It has documentation and lists alone. Absent for others. */
  isBare?: true
}

/** A file of a package that slimming took. `path` is absolute in the image. */
export interface RemovedFile {
  rule: string
  package: Pick<PackageContents, 'type' | 'name'>
  path: string
}

/** What slimming did, by the package that each file is of. */
export interface PackageChanges {
  /** Sorted by type and name. */
  packages: PackageContents[]
  /** A `RULE<tab>TYPE/PACKAGE<tab>PATH` line a file, in the order of paths. */
  removed: string
}

/** Says of each package what stays. `ruleOf` gives the rule that removes an entry; undefined for one that stays. */
export function packageChanges(
  inventory: Pick<Inventory, 'entries' | 'status' | 'unfound'>,
  ruleOf: (entry: TreeEntry) => string | undefined,
): PackageChanges {
  const found = new Map<string, PackageContents>()
  const lines: string[] = []
  for (const entry of inventory.entries) {
    const { path, package: owner = '', type } = entry
    if (type === 'folder' || owner === '') continue
    const contents = found.get(owner) ?? newContents(owner, inventory.status)
    found.set(owner, contents)
    if (contents.type === 'pypi' && contents.version === undefined)
      Object.assign(contents, optional('version', versionInPath(path)))
    if (isRecord(path)) continue
    const rule = ruleOf(entry)
    contents.files += 1
    if (rule === undefined) contents.keptFiles += 1
    else lines.push(`${rule}\t${contents.type}/${contents.name}\t${path}\n`)
  }
  for (const { path, package: owner } of inventory.unfound ?? []) {
    const contents = found.get(owner)
    if (contents && !isRecord(path) && !path.endsWith('.pyc'))
      contents.unfoundFiles = (contents.unfoundFiles ?? 0) + 1
  }
  for (const contents of found.values())
    if (contents.files === 0 && contents.unfoundFiles === undefined) contents.isBare = true
  return { packages: [...found.values()].sort(byName), removed: lines.join('') }
}

/** Whether nothing of a package is there: neither code nor data, and none that lies where nobody knows. */
export function isGone({ files, keptFiles, unfoundFiles, isBare }: PackageContents): boolean {
  return keptFiles === 0 && unfoundFiles === undefined && (files > 0 || isBare === true)
}

export function parseRemoved(text: string): RemovedFile[] {
  return text.split('\n').flatMap((line) => {
    const [, rule = '', type, name = '', path = ''] =
      /^([^\t]*)\t(deb|pypi)\/([^\t]*)\t(.*)$/.exec(line) ?? []
    return type === 'deb' || type === 'pypi' ? [{ rule, package: { type, name }, path }] : []
  })
}

/** Lists, licences, documentation and translations: no code, and no data that a program computes with. */
const records = [
  /^\/usr\/share\/(doc|man|info|lintian|bug|doc-base|locale|common-licenses)\//,
  /^\/var\/lib\/dpkg\//,
  /\.(dist|egg)-info\//,
]

function isRecord(path: string): boolean {
  return records.some((form) => form.test(path))
}

function newContents(owner: string, status: Inventory['status']): PackageContents {
  const isPython = owner.startsWith('pypi/')
  const name = isPython ? owner.slice('pypi/'.length) : owner
  const known = isPython ? undefined : status?.[name]
  return { type: isPython ? 'pypi' : 'deb', name, ...known, files: 0, keptFiles: 0 }
}

/** `…/numpy-2.4.6.dist-info/RECORD` is of 2.4.6. */
function versionInPath(path: string): string | undefined {
  return /\/[^/]*?-(\d[^/-]*)\.dist-info\//.exec(path)?.[1]
}

function byName(a: PackageContents, b: PackageContents): number {
  const [one, other] = [`${a.type}/${a.name}`, `${b.type}/${b.name}`]
  return one < other ? -1 : Number(one > other)
}
