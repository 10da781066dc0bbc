import type { Descriptor } from '../../images/oci/oci.ts'
import { mediaTypes } from '../../images/oci/oci.ts'
import { type Digest, isDigest } from '../../lib/digest.ts'
import { readBlobText, statBlob } from './blobs.ts'
import type { Store } from './store.ts'

/** OCI asks registries to take manifests of at least 4 MiB; larger blobs are layers. */
export const manifestLimitBytes = 4 * 1024 * 1024

const dockerTypes = {
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  index: 'application/vnd.docker.distribution.manifest.list.v2+json',
} as const

export const indexTypes: readonly string[] = [mediaTypes.index, dockerTypes.index]
export const manifestTypes: readonly string[] = [mediaTypes.manifest, dockerTypes.manifest, ...indexTypes]

/** What the store needs of a manifest or an index of any spelling. */
export interface ManifestFacts {
  mediaType: string
  /** Blobs or manifests that have to be there with it. */
  children: Descriptor[]
  subject?: Descriptor
  artifactType?: string
  annotations?: Record<string, string>
}

/** Reads manifest text of OCI or Docker; undefined when it is something else. */
export function parseManifest(text: string): ManifestFacts | undefined {
  const value = jsonObjectOf(text)
  if (value?.['schemaVersion'] !== 2) return undefined
  const isIndex = Array.isArray(value['manifests'])
  if (!isIndex && !isDescriptor(value['config'])) return undefined
  const { mediaType, artifactType, subject, annotations } = value
  const type = typeof mediaType === 'string' ? mediaType : mediaTypes[isIndex ? 'index' : 'manifest']
  if (indexTypes.includes(type) !== isIndex) return undefined
  const config = isDescriptor(value['config']) ? value['config'] : undefined
  const artifact = typeof artifactType === 'string' ? artifactType : config?.mediaType
  return {
    mediaType: type,
    children: childrenOf(value),
    ...(isDescriptor(subject) && { subject }),
    ...(artifact !== undefined && { artifactType: artifact }),
    ...(isStringRecord(annotations) && { annotations }),
  }
}

/** The manifest under this digest; undefined when there is no blob or it is no manifest. Throws `corrupt-blob`. */
export async function readManifestFacts(store: Store, digest: Digest): Promise<ManifestFacts | undefined> {
  const sizeBytes = await statBlob(store, digest)
  if (sizeBytes === undefined || sizeBytes > manifestLimitBytes) return undefined
  return parseManifest(await readBlobText(store, digest))
}

function childrenOf(value: Record<string, unknown>): Descriptor[] {
  const lists = [value['config'], value['layers'], value['manifests']].flat()
  return lists.filter(isDescriptor).filter((descriptor) => !livesElsewhere(descriptor))
}

/** Layers that by their type are fetched from their own addresses and never pushed. */
function livesElsewhere(descriptor: Descriptor): boolean {
  return /nondistributable|foreign/.test(descriptor.mediaType)
}

export function isDescriptor(value: unknown): value is Descriptor {
  return (
    isRecord(value) &&
    typeof value['mediaType'] === 'string' &&
    typeof value['size'] === 'number' &&
    typeof value['digest'] === 'string' &&
    isDigest(value['digest'])
  )
}

export function jsonObjectOf(text: string): Record<string, unknown> | undefined {
  if (!text.trimStart().startsWith('{')) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isStringRecord(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every((member) => typeof member === 'string')
}
