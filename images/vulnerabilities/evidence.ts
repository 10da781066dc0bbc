import picomatch from 'picomatch'
import type { VulnerableCode } from '../../recipes/vulnerabilities.ts'
import {
  isGone,
  type PackageChanges,
  type PackageContents,
  parseRemoved,
  type RemovedFile,
} from '../tree/packages.ts'
import type { FoundPackage, KnownVulnerability } from './finding.ts'

/** Why a vulnerability does not concern the image: its code is not there. */
export interface Evidence {
  kind: 'package' | 'files' | 'modules'
  /** A sentence for people: what was there, what took it, and where was looked. */
  text: string
  /** Files that were there before slimming and are in no layer now; at most ten of them. */
  removed: string[]
  removedFiles: number
  /** Rules that took them, sorted. */
  rules: string[]
}

/** A finding with what proves it away; absent where nothing does. */
export interface JudgedFinding {
  finding: KnownVulnerability
  evidence?: Evidence
}

/** What a proof is made of: what slimming says that it did, and what the finished image has. */
export interface ProofSources {
  changes: PackageChanges
  /** Every path of the finished image's layers, whiteouts included: a file that a later layer hides is there all the same. */
  present: ReadonlySet<string>
  code: readonly VulnerableCode[]
}

/** Looks for a proof of each finding. What slimming says counts only where the layers say the same. */
export function judgeFindings(
  findings: readonly KnownVulnerability[],
  sources: ProofSources,
): JudgedFinding[] {
  const proof = proofOf(sources)
  return findings.map((finding) => {
    const evidence = proof(finding)
    return evidence === undefined ? { finding } : { finding, evidence }
  })
}

function proofOf({
  changes,
  present,
  code,
}: ProofSources): (finding: KnownVulnerability) => Evidence | undefined {
  const removed = Map.groupBy(parseRemoved(changes.removed), (file) => keyOf(file.package))
  const traces = new Set([...present].flatMap(tracesOf))
  return (finding) => {
    const contents = packageOf(finding.package, changes.packages)
    if (contents === undefined) return undefined
    const files = removed.get(keyOf(contents)) ?? []
    if (isGone(contents) && files.length === contents.files && areAbsent(files, present, traces))
      return wholeProof(contents, files)
    return code
      .filter((one) => isMeant(one, finding))
      .map((one) => partProof(one, { contents, files, present, traces }))
      .find((evidence) => evidence !== undefined)
  }
}

function wholeProof(contents: PackageContents, files: readonly RemovedFile[]): Evidence {
  if (files.length > 0)
    return evidenceOf('package', files, `slimming took all ${files.length} files of ${nameOf(contents)}`)
  const text = `${nameOf(contents)} has no files but documentation and lists`
  return { kind: 'package', text, removed: [], removedFiles: 0, rules: [] }
}

interface Remains {
  contents: PackageContents
  files: readonly RemovedFile[]
  present: ReadonlySet<string>
  traces: ReadonlySet<string>
}

/** The files that a person names have to have been there: a misspelt name proves nothing. */
function partProof(
  { files: paths, modules, source }: VulnerableCode,
  remains: Remains,
): Evidence | undefined {
  const { contents, present, traces } = remains
  const matchers = [
    ...(paths ?? []).map((path) => picomatch(path, { dot: true })),
    ...(modules ?? []).map(moduleMatcher),
  ]
  const chosen = matchers.map((matches) => remains.files.filter(({ path }) => matches(path)))
  const isThere = [...present].some((path) => matchers.some((matches) => matches(path)))
  const all = [...new Set(chosen.flat())]
  if (chosen.some((files) => files.length === 0) || isThere || !areAbsent(all, present, traces))
    return undefined
  const what = [...(paths ?? []), ...(modules ?? [])].join(', ')
  const told = `slimming took ${what} of ${nameOf(contents)}, where the code lies (${source})`
  return evidenceOf(modules === undefined ? 'files' : 'modules', all, told)
}

/** `a.b`: `a/b.py`, what lies in the folder `a/b`, its bytecode, or a library of that name. */
function moduleMatcher(module: string): (path: string) => boolean {
  const place = module.replaceAll('.', '/')
  const [, folder = '', last = ''] = /^(.*?)([^/]*)$/.exec(place) ?? []
  const inPackages = (end: string) => `/**/{site,dist}-packages/${end}`
  return picomatch(
    [
      ...[`${place}.py`, `${place}/**`, `${place}.*so`, `${folder}__pycache__/${last}.*.pyc`].map(inPackages),
      ...[`${place}.py`, `${place}/**`].map((end) => `/usr/lib/python*/${end}`),
    ],
    { dot: true },
  )
}

/** Neither the files themselves, nor another of the same name: a copy would carry the same code. */
function areAbsent(
  files: readonly RemovedFile[],
  present: ReadonlySet<string>,
  traces: ReadonlySet<string>,
): boolean {
  return files.every(({ path }) => {
    const [own] = tracesOf(path)
    return !present.has(path) && (own === undefined || !traces.has(own))
  })
}

/**
 * What a copy in another place would be called, the file's own name first: a program, a library without the versions of it,
 * or the place of a module below its folder of packages, which may be inside another package (`pip/_vendor`).
 */
function tracesOf(path: string): string[] {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const library = /^(.+?)(-[0-9a-f]{8})?\.so(\.[\d.]+)?$/.exec(name)?.[1]
  if (library !== undefined) return [`library ${library}`]
  const module = /\/(?:site|dist)-packages\/(.+\.py)$/.exec(path)?.[1]
  const carried = /\/_?vendor(?:ed)?\/(?:packages\/)?(.+\.py)$/.exec(path)?.[1]
  const modules = [module, carried].flatMap((one) => (one === undefined ? [] : [`module ${one}`]))
  if (modules.length > 0) return modules
  return /\/s?bin\/[^/]+$/.test(path) ? [`program ${name.replace(/\.distrib$/, '')}`] : []
}

function isMeant(code: VulnerableCode, finding: KnownVulnerability): boolean {
  const names = [finding.id, ...finding.aliases].map((name) => name.toLowerCase())
  return names.includes(code.id.toLowerCase()) && plain(code.package) === plain(finding.package.name)
}

/** Only packages of lists that slimming knows; others the scanner found in a file, which is there. */
function packageOf(found: FoundPackage, packages: readonly PackageContents[]): PackageContents | undefined {
  const type = ({ deb: 'deb', python: 'pypi' } as Record<string, string>)[found.type]
  const named = packages.filter((one) => one.type === type && isSame(one, found))
  // Two of one name, as of two environments, are not told apart here.
  return named.length === 1 ? named[0] : undefined
}

function isSame({ type, name, version }: PackageContents, found: FoundPackage): boolean {
  const isNamed = type === 'deb' ? name === found.name : plain(name) === plain(found.name)
  return isNamed && version === found.version
}

/** Names on the Python index are equal when they differ in case and in `-`, `_` and `.` only (PEP 503). */
function plain(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-')
}

function keyOf({ type, name }: Pick<PackageContents, 'type' | 'name'>): string {
  return `${type}/${name}`
}

function nameOf({ name, version }: PackageContents): string {
  return version === undefined ? name : `${name} ${version}`
}

function evidenceOf(kind: Evidence['kind'], files: readonly RemovedFile[], told: string): Evidence {
  const rules = [...new Set(files.map(({ rule }) => rule))].sort()
  return {
    kind,
    text: `${told} (${rules.join(', ')}); no layer of the image has one of them, nor a program, library or module of the same name`,
    removed: files.slice(0, 10).map(({ path }) => path),
    removedFiles: files.length,
    rules,
  }
}
