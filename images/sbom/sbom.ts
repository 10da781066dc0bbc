import { type Digest, digestOf, hexOf } from '../../lib/digest.ts'
import { canonicalJson } from '../../lib/json.ts'
import { distributionsOf, type Lock, type LockedRuntime } from '../../recipes/lock.ts'
import type { LockedWeights } from '../../recipes/locked-weights.ts'
import { nameOfPart, partTitle } from '../../recipes/parts.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import { spdxLicence } from '../plan/licence.ts'
import { weightsPlaceOf } from '../report/provenance.ts'
import { isGone, type PackageContents } from '../tree/packages.ts'
import { modelCardOf, type SbomModelCard } from './model-card.ts'

/** What a lister of packages cannot know of an image: its real digest, its model, and what its lock pins. */
export interface SbomFacts {
  name: string
  image: Digest
  packageUrl: string
  model: SbomModel
  /** What lies beside the model: adapters, a drafter, a projector, further models. */
  parts: SbomModel[]
  /** Every package that the lock installs, whether the finished tree still lists it or not. */
  locked: LockedPackage[]
  /** Licences by Debian package, read before slimming took the copyright files. */
  licences: Record<string, string[]>
  /** Packages of which slimming left nothing. */
  removed?: RemovedPackage[]
}

/** A package that the image does not have any more: listed as removed, since silence would say that it never was. */
export interface RemovedPackage extends LockedPackage {
  /** How many files it had. */
  files: number
}

export interface SbomModel {
  /** Tells it from the others of the document: empty for the model itself. */
  key: string
  name: string
  /** Commit, version or digest that the source is pinned to. */
  revision: string
  place: string
  license?: { text: string; spdx: string | undefined }
  setDigest: Digest
  files: { path: string; sizeBytes: number; sha256: string }[]
  /** False where the weights are mounted beside the image. */
  isInside: boolean
  /** Of the model itself; absent for parts. */
  card?: SbomModelCard
}

export interface LockedPackage {
  type: 'deb' | 'pypi' | 'certificate' | 'files'
  name: string
  version: string
  packageUrl: string
}

/** Facts of one image; pure data of its recipe, lock and digest. */
export function sbomFactsOf(
  recipe: Recipe,
  lock: Lock,
  image: Digest,
  read: { licences?: SbomFacts['licences']; packages?: readonly PackageContents[] } = {},
): SbomFacts {
  const [, architecture = 'amd64'] = recipe.image.platform.split('/')
  const isInside = recipe.weights.delivery === 'baked'
  return {
    name: recipe.name,
    image,
    packageUrl: `pkg:oci/${recipe.name}@${encodeURIComponent(image)}?arch=${architecture}`,
    model: {
      ...modelFactsOf({ key: '', ...recipe.model }, lock.weights, isInside),
      card: modelCardOf(recipe, lock),
    },
    parts: (lock.parts ?? []).map((pinned) => {
      const part = recipe.parts.find((one) => one.role === pinned.role && nameOfPart(one) === pinned.name)
      const named = { key: partTitle(pinned), name: partTitle(pinned), license: part?.license }
      return modelFactsOf(named, pinned.weights, isInside)
    }),
    locked: [...lockedPackages(lock.runtime), ...trustedCertificates(lock), ...ownCode(lock)],
    licences: read.licences ?? {},
    ...removedOf(read.packages ?? []),
  }
}

/** No member without one, so that the document of such an image is made from what it was made from before. */
function removedOf(packages: readonly PackageContents[]): Pick<SbomFacts, 'removed'> {
  const removed = packages.filter(isGone).flatMap(removedPackage)
  return removed.length === 0 ? {} : { removed }
}

/** None where its version is not known: nothing can be said of a package without it. */
function removedPackage(contents: PackageContents): RemovedPackage[] {
  const { type, name, version, architecture, files } = contents
  if (version === undefined) return []
  const packageUrl =
    type === 'deb' ? debianUrl(name, version, architecture ?? 'all') : pythonUrl(name, version)
  return [{ type, name, version, packageUrl, files }]
}

function modelFactsOf(
  { key, name, license: said }: { key: string; name: string; license?: string | undefined },
  weights: LockedWeights,
  isInside: boolean,
): SbomModel {
  const license = weights.license ?? said
  return {
    key,
    name,
    revision: revisionOf(weights),
    place: weightsPlaceOf(weights.source),
    ...(license !== undefined && { license: { text: license, spdx: spdxLicence(license) } }),
    setDigest: weights.setDigest,
    files: weights.files.map(({ path, sizeBytes, sha256 }) => ({ path, sizeBytes, sha256 })),
    isInside,
  }
}

/** Facts of the modelcar that a recipe asks for: the model, and the programs that KServe starts beside it. */
export function modelcarSbomFacts(recipe: Recipe, lock: Lock, image: Digest): SbomFacts {
  const name = `${recipe.name}-modelcar`
  const { model, parts, packageUrl, ...rest } = sbomFactsOf(recipe, lock, image)
  return {
    ...rest,
    name,
    packageUrl: packageUrl.replace(`pkg:oci/${recipe.name}@`, `pkg:oci/${name}@`),
    model: { ...model, isInside: true },
    parts: parts.map((part) => ({ ...part, isInside: true })),
    locked: lock.modelcar === undefined ? [] : lockedPackages(lock.modelcar),
  }
}

/** Locked and removed packages that a list of package URLs does not name. Versions are compared as the URLs decode. */
export function missingPackages(
  listed: readonly string[],
  { locked, removed = [] }: Pick<SbomFacts, 'locked' | 'removed'>,
): LockedPackage[] {
  const known = new Set(listed.map(identityOf))
  return [...locked, ...removed].filter(({ packageUrl }) => {
    const identity = identityOf(packageUrl)
    const isNew = !known.has(identity)
    known.add(identity)
    return isNew
  })
}

/** What slimming did to the package of this URL; undefined where it left something of it. */
export function removalOf(
  packageUrl: string,
  { removed = [] }: Pick<SbomFacts, 'removed'>,
): string | undefined {
  const identity = identityOf(packageUrl)
  const found = removed.find((one) => identityOf(one.packageUrl) === identity)
  if (found === undefined) return undefined
  return found.files === 0
    ? 'it had documentation alone'
    : `removed: slimming took all ${found.files} files of it`
}

function identityOf(packageUrl: string): string {
  const [, type = '', path = '', version = ''] = /^pkg:([^/]+)\/([^@?#]+)@([^?#]+)/.exec(packageUrl) ?? []
  const name = path.split('/').at(-1) ?? ''
  const plain = type === 'pypi' ? name.toLowerCase().replace(/[-_.]+/g, '-') : name
  return `${type} ${decodeURIComponent(plain)} ${decodeURIComponent(version)}`
}

function revisionOf({ source, setDigest }: LockedWeights): string {
  switch (source.type) {
    case 'huggingface':
      return source.commit
    case 'pypi':
      return source.version
    case 'oci':
      return source.digest
    default:
      return setDigest
  }
}

/** Why a document lists what no lister of packages found. */
export function whyListed({ type }: LockedPackage): string {
  if (type === 'files') return 'files that the recipe adds (image.files)'
  return type === 'certificate'
    ? 'a certificate that the recipe trusts (image.trust)'
    : 'pinned by the lock; slimming took the database that listed it'
}

/** Certificates that the recipe puts into the image; what no database of packages lists. */
function trustedCertificates({ trust = [] }: Lock): LockedPackage[] {
  return trust.flatMap(({ certificates }) =>
    certificates.map(({ subject, sha256 }) => ({
      type: 'certificate',
      name: subject,
      version: sha256,
      packageUrl: `pkg:generic/ca-certificate@${sha256}?checksum=sha256:${sha256}`,
    })),
  )
}

/** Files that the recipe adds: one entry a place, by the sha256 over paths and hashes of what is there. */
function ownCode({ ownFiles = [] }: Lock): LockedPackage[] {
  return ownFiles.map(({ to, files }) => {
    const sha256 = hexOf(digestOf(canonicalJson(files.map((file) => [file.path, file.sha256]))))
    return {
      type: 'files',
      name: to,
      version: sha256,
      packageUrl: `pkg:generic/${encodeURIComponent(to.slice(1))}@${sha256}`,
    }
  })
}

function lockedPackages(runtime: LockedRuntime): LockedPackage[] {
  if (runtime.type === 'upstream') return []
  const debian = runtime.packages.map(
    ({ name, version, architecture }): LockedPackage => ({
      type: 'deb',
      name,
      version,
      packageUrl: debianUrl(name, version, architecture),
    }),
  )
  const python = distributionsOf(runtime).map(
    ({ name, version }): LockedPackage => ({
      type: 'pypi',
      name,
      version,
      packageUrl: pythonUrl(name, version),
    }),
  )
  return [...debian, ...python]
}

function debianUrl(name: string, version: string, architecture: string): string {
  return `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}`
}

function pythonUrl(name: string, version: string): string {
  return `pkg:pypi/${name.toLowerCase().replace(/[-_.]+/g, '-')}@${encodeURIComponent(version)}`
}
