import { type Digest, digestOf } from '../../lib/digest.ts'
import { canonicalJson, type Json } from '../../lib/json.ts'

export const mediaTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  layerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  layerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  empty: 'application/vnd.oci.empty.v1+json',
} as const

/** How OCI points at content. https://github.com/opencontainers/image-spec/blob/main/descriptor.md */
export interface Descriptor {
  mediaType: string
  digest: Digest
  size: number
  annotations?: Record<string, string>
  artifactType?: string
  platform?: { os: string; architecture: string; variant?: string }
}

export interface Manifest {
  schemaVersion: 2
  mediaType: typeof mediaTypes.manifest
  artifactType?: string
  config: Descriptor
  layers: Descriptor[]
  subject?: Descriptor
  annotations?: Record<string, string>
}

export interface Index {
  schemaVersion: 2
  mediaType: typeof mediaTypes.index
  manifests: Descriptor[]
  annotations?: Record<string, string>
}

/** The runtime part of an image config, in OCI's own spelling. */
export interface RuntimeConfig {
  User?: string
  ExposedPorts?: Record<string, Record<string, never>>
  Env?: string[]
  Entrypoint?: string[]
  Cmd?: string[]
  WorkingDir?: string
  Labels?: Record<string, string>
  StopSignal?: string
  Volumes?: Record<string, Record<string, never>>
}

export interface ImageConfig {
  created: string
  os: string
  architecture: string
  config: RuntimeConfig
  rootfs: { type: 'layers'; diff_ids: Digest[] }
  history: { created: string; created_by: string; comment?: string }[]
}

/** A layer as stored: `descriptor` of the blob, `diffId` of its uncompressed tar, `cause` for the image history. */
export interface StoredLayer {
  descriptor: Descriptor
  diffId: Digest
  cause: string
}

/** Every time inside an image, so that two builds of one plan are one digest. */
export const fixedTime = '1970-01-01T00:00:01Z'

export interface AssembledImage {
  config: { bytes: string; descriptor: Descriptor }
  manifest: { bytes: string; descriptor: Descriptor }
}

/**
 * Config and manifest of an image as canonical JSON. `platform` is `os/architecture`. The configuration has the time that the
 * annotations tell, if they tell one.
 */
export function assembleImage(
  layers: readonly StoredLayer[],
  runtime: RuntimeConfig,
  platform: string,
  annotations: Record<string, string>,
): AssembledImage {
  const [os = 'linux', architecture = 'amd64'] = platform.split('/')
  const created = annotations['org.opencontainers.image.created'] ?? fixedTime
  const config = describe(mediaTypes.config, {
    created,
    os,
    architecture,
    config: runtime,
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
    history: layers.map((layer) => ({ created, created_by: `ingot: ${layer.cause}` })),
  } satisfies ImageConfig)
  const manifest = describe(mediaTypes.manifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: config.descriptor,
    layers: layers.map((layer) => layer.descriptor),
    annotations,
  } satisfies Manifest)
  return { config, manifest }
}

/** A manifest that speaks about another one. */
export function referrerManifest(
  { mediaType, digest, size }: Descriptor,
  said: Pick<Manifest, 'artifactType' | 'config' | 'layers' | 'annotations'>,
): Manifest {
  return {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    ...said,
    // A bare descriptor: another platform member would be another manifest for the same image.
    subject: { mediaType, digest, size },
  }
}

/** A JSON value in canonical bytes with the descriptor that points at them. */
export function describe(mediaType: string, value: object): { bytes: string; descriptor: Descriptor } {
  // `object` is how interfaces without an index signature get here; JSON.stringify decides what is kept.
  const bytes = canonicalJson(value as Json)
  return { bytes, descriptor: { mediaType, digest: digestOf(bytes), size: Buffer.byteLength(bytes) } }
}
