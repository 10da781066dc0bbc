import type { Digest } from '../../lib/digest.ts'
import type { LockedWeights } from '../../recipes/locked-weights.ts'
import type { WholeWeights } from '../../recipes/pinned-parts.ts'
import { labelNames } from '../oci/label-names.ts'
import { type Descriptor, mediaTypes, type StoredLayer } from '../oci/oci.ts'
import { packedFiles } from './artifact.ts'
import type { WeightLayer } from './layers.ts'

/** Annotation of a weight layer in a manifest: the key by which a later build knows it without a byte of it. */
export const layerKeyAnnotation = labelNames.layerKey

/** The layer with its key, as it goes into a manifest. */
export function keyedLayer({ key }: WeightLayer, stored: StoredLayer): StoredLayer {
  return { ...stored, descriptor: { ...stored.descriptor, annotations: { [layerKeyAnnotation]: key } } }
}

/** Those planned layers that a manifest says it has, by key. Uncompressed tars only, so that the digest is the diff id. */
export function layersOfManifest(
  planned: readonly WeightLayer[],
  found: readonly Pick<Descriptor, 'mediaType' | 'digest' | 'size' | 'annotations'>[],
): Map<string, StoredLayer> {
  const byKey = new Map(found.map((layer) => [layer.annotations?.[layerKeyAnnotation], layer]))
  return new Map(
    planned.flatMap((layer) => {
      const there = byKey.get(layer.key)
      if (there?.mediaType !== mediaTypes.layer || there.size !== layer.sizeBytes) return []
      const { mediaType, digest, size } = there
      return [
        [layer.key, { descriptor: { mediaType, digest, size }, diffId: digest, cause: layer.cause }] as const,
      ]
    }),
  )
}

/**
 * The same weights with the registry as their source: each file by its place in a layer there. Undefined when the image does
 * not have all of the files as whole ones.
 */
export function weightsInRegistry(
  { beside: _, ...weights }: WholeWeights,
  planned: readonly WeightLayer[],
  there: ReadonlyMap<string, StoredLayer>,
  image: { reference: string; digest: Digest },
): LockedWeights | undefined {
  const packed = planned.flatMap((plan) => {
    const stored = there.get(plan.key)
    return stored === undefined ? [] : packedFiles([{ plan, stored }])
  })
  const places = new Map(
    packed.map(({ path, layer, offset }) => [path, `${layer.slice('sha256:'.length)}/${offset}`]),
  )
  const files = weights.files.flatMap((file) => {
    const from = places.get(file.path)
    return from === undefined ? [] : [{ ...file, from }]
  })
  if (files.length < weights.files.length) return undefined
  return { ...weights, source: { type: 'oci', ...image }, files }
}
