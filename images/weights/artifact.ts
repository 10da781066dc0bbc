import type { Digest } from '../../lib/digest.ts'
import { canonicalJson } from '../../lib/json.ts'
import { optional } from '../../lib/optional.ts'
import type { LockedWeights } from '../../recipes/locked-weights.ts'
import { labelNames } from '../oci/label-names.ts'
import {
  type AssembledImage,
  assembleImage,
  type Descriptor,
  describe,
  type Manifest,
  mediaTypes,
  type StoredLayer,
} from '../oci/oci.ts'
import { tarSegments, type WeightLayer } from './layers.ts'

/** Media types of the CNCF ModelPack specification. https://github.com/modelpack/model-spec */
export const modelPackTypes = {
  artifact: 'application/vnd.cncf.model.manifest.v1+json',
  config: 'application/vnd.cncf.model.config.v1+json',
  weights: 'application/vnd.cncf.model.weight.v1.tar',
  weightConfig: 'application/vnd.cncf.model.weight.config.v1.tar',
  rawWeights: 'application/vnd.cncf.model.weight.v1.raw',
  rawWeightConfig: 'application/vnd.cncf.model.weight.config.v1.raw',
} as const

const filePathAnnotation = 'org.cncf.model.filepath'

/** A layer of weights with the plan it was packed from. */
export interface PackedLayer {
  plan: WeightLayer
  stored: StoredLayer
}

/** Where a file's bytes are inside a weights image: `offset` in the uncompressed layer. */
export interface PackedFile {
  path: string
  sizeBytes: number
  sha256: string
  layer: Digest
  offset: number
}

/** Label with every file's place, by which a weights image is read again without unpacking it. */
export const packedFilesLabel = labelNames.packedFiles

/**
 * Weights as an image of their own, for an image volume of Kubernetes or `--mount type=image`. It has the very layers of the
 * baked images, so a registry and a node that have those store no byte more.
 */
export function weightsImage(
  layers: readonly PackedLayer[],
  weights: LockedWeights,
  platform: string,
): AssembledImage {
  return assembleImage(
    layers.map(({ stored }) => stored),
    { Labels: weightsLabels(layers, weights) },
    platform,
    {},
  )
}

/** What every image of weights alone says of them. */
export function weightsLabels(
  layers: readonly PackedLayer[],
  weights: LockedWeights,
): Record<string, string> {
  return {
    [labelNames.weights]: weights.setDigest,
    [packedFilesLabel]: packedFilesText(layers),
    ...(weights.license === undefined ? {} : { 'org.opencontainers.image.licenses': weights.license }),
  }
}

export interface ModelPackFacts {
  name: string
  family?: string
  architecture?: string
  /** Absent for forms that ModelPack has no word for. */
  format?: 'gguf' | 'safetensors'
  /** Such as `135M`. */
  paramSize?: string
  precision?: string
  quantization?: string
}

/** A layer of a ModelPack, with the digest of its unpacked bytes. */
interface PackLayer {
  descriptor: Descriptor & { annotations: Record<string, string> }
  diffId: Digest
}

/** A ModelPack manifest over the same layer blobs: other media types, no other bytes. */
export function modelPack(
  layers: readonly PackedLayer[],
  weights: LockedWeights,
  facts: ModelPackFacts,
): AssembledImage {
  const packed = layers.map((layer) => ({ descriptor: modelPackLayer(layer), diffId: layer.stored.diffId }))
  return packOf(packed, weights, facts, { [packedFilesLabel]: packedFilesText(layers) })
}

/** One whose layers are the files themselves, for runtimes that unpack nothing: each is a slice of a tar layer that is there. */
export function rawModelPack(
  layers: readonly PackedLayer[],
  weights: LockedWeights,
  facts: ModelPackFacts,
): AssembledImage {
  const raw = packedFiles(layers).map((file): PackLayer => {
    const digest: Digest = `sha256:${file.sha256}`
    const mediaType = isWeightsFile(file.path) ? modelPackTypes.rawWeights : modelPackTypes.rawWeightConfig
    const annotations = { [filePathAnnotation]: file.path }
    return { descriptor: { mediaType, digest, size: file.sizeBytes, annotations }, diffId: digest }
  })
  return packOf(raw, weights, facts)
}

function packOf(
  pack: readonly PackLayer[],
  weights: LockedWeights,
  facts: ModelPackFacts,
  annotations?: Record<string, string>,
): AssembledImage {
  const { name, family, ...technical } = facts
  const revision = weights.source.type === 'huggingface' ? weights.source.commit : undefined
  const config = describe(modelPackTypes.config, {
    descriptor: {
      name,
      family,
      revision,
      licenses: weights.license === undefined ? undefined : [weights.license],
    },
    config: technical,
    modelfs: { type: 'layers', diffIds: pack.map(({ diffId }) => diffId) },
  })
  const manifest = describe(mediaTypes.manifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    artifactType: modelPackTypes.artifact,
    config: config.descriptor,
    layers: pack.map(({ descriptor }) => descriptor),
    ...optional('annotations', annotations),
  } satisfies Manifest)
  return { config, manifest }
}

function modelPackLayer({ plan, stored }: PackedLayer) {
  const files = plan.entries.flatMap((entry) => (entry.type === 'file' ? [entry.file] : []))
  const isWeights = files.some(({ path }) => isWeightsFile(path))
  return {
    ...stored.descriptor,
    mediaType: isWeights ? modelPackTypes.weights : modelPackTypes.weightConfig,
    annotations: { [filePathAnnotation]: files.length === 1 ? (files[0]?.path ?? '') : commonFolder(plan) },
  }
}

function isWeightsFile(path: string): boolean {
  return /\.(safetensors|gguf|bin)$/.test(path)
}

function commonFolder(plan: WeightLayer): string {
  return plan.entries[0]?.path.split('/').slice(0, 2).join('/') ?? ''
}

function packedFilesText(layers: readonly PackedLayer[]): string {
  return canonicalJson(packedFiles(layers).map((file) => ({ ...file })))
}

/** Every file's place. Its offset follows from the sizes of what comes before it in the tar. */
export function packedFiles(layers: readonly PackedLayer[]): PackedFile[] {
  return layers.flatMap(({ plan, stored }) => {
    let offset = 0
    return tarSegments(plan).flatMap((segment) => {
      const start = offset
      offset += segment.sizeBytes
      if (segment.type !== 'file') return []
      const { path, sizeBytes, sha256 } = segment.file
      return [{ path, sizeBytes, sha256, layer: stored.descriptor.digest, offset: start }]
    })
  })
}
