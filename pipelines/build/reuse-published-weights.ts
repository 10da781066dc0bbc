import type { StoredLayer } from '../../images/oci/oci.ts'
import type { WeightLayer } from '../../images/weights/layers.ts'
import { keyedLayer, layersOfManifest, weightsInRegistry } from '../../images/weights/reuse.ts'
import type { Digest } from '../../lib/digest.ts'
import type { LockedWeights } from '../../recipes/locked-weights.ts'
import { openConnection } from '../network/connection.ts'
import type { Progress } from '../process/progress.ts'
import { rememberPlaces } from '../registry-client/places.ts'
import { parseReference, type Repository } from '../registry-client/reference.ts'
import { statBlob } from '../store/blobs.ts'
import { rememberForeign } from '../store/foreign.ts'
import type { Store } from '../store/store.ts'
import { readOciManifest } from '../weights/oci-manifest.ts'
import { packWeights } from '../weights/pack.ts'
import type { SourceContext } from '../weights/source.ts'

interface ReuseContext extends SourceContext {
  /** Images that may have the weights already, by tag or digest. */
  fromRegistry?: readonly string[]
  /** An image that is booted needs the bytes. */
  verify: boolean
  progress: Progress
}

interface ReusedWeights {
  /** Layers that stay in the registry, by key: nobody needs their bytes here. */
  layers: ReadonlyMap<string, StoredLayer>
  /** Where to read what is needed: as locked, or from a registry that has it all. */
  weights: LockedWeights
}

/**
 * Layers of weights in the order of the plan: those of published images stay where they are, or are read from there instead
 * of from their source, and hashed as anything else. Throws as `packWeights` does.
 */
export async function packReusing(
  store: Store,
  weights: LockedWeights,
  planned: readonly WeightLayer[],
  context: ReuseContext,
): Promise<StoredLayer[]> {
  const reused = await reuseLayers(store, weights, planned, context)
  const wanted = planned.filter(({ key }) => !reused.layers.has(key))
  const packed = await packWeights(store, reused.weights, wanted, {
    ...context,
    onProgress: (done, total) => context.progress.bytes('weights', done, total),
    onCheck: (done, total) => context.progress.bytes('hash weights of the store', done, total),
  })
  const here = new Map(wanted.map(({ key }, index) => [key, packed[index]]))
  return planned.flatMap((layer) => {
    const stored = reused.layers.get(layer.key) ?? here.get(layer.key)
    return stored === undefined ? [] : [keyedLayer(layer, stored)]
  })
}

/** Finds weight layers that published images have. Asks for manifests alone. Throws `WeightsError` and what a registry does. */
async function reuseLayers(
  store: Store,
  weights: LockedWeights,
  planned: readonly WeightLayer[],
  context: ReuseContext,
): Promise<ReusedWeights> {
  const reused: ReusedWeights & { layers: Map<string, StoredLayer> } = { layers: new Map(), weights }
  for (const reference of context.fromRegistry ?? []) {
    const { layers, digest } = await layersAt(reference, planned, context)
    context.progress.step(`${reference} has ${layers.size} of ${planned.length} weight layers`)
    if (context.verify) {
      const source = weightsInRegistry(weights, planned, layers, { reference, digest })
      if (source) return { layers: new Map(), weights: source }
      continue
    }
    for (const [key, layer] of layers) {
      if (reused.layers.has(key) || (await statBlob(store, layer.descriptor.digest)) !== undefined) continue
      await remember(store, layer, parseReference(reference))
      reused.layers.set(key, layer)
    }
  }
  return reused
}

async function layersAt(
  reference: string,
  planned: readonly WeightLayer[],
  context: SourceContext,
): Promise<{ layers: Map<string, StoredLayer>; digest: Digest }> {
  const { fetch, close } = openConnection(context.settings.proxies)
  try {
    const { manifest, digest } = await readOciManifest(reference, { ...context, fetch })
    const found = (manifest.layers ?? []).map(({ annotations, ...layer }) => ({
      ...layer,
      ...(annotations && { annotations }),
    }))
    return { layers: layersOfManifest(planned, found), digest }
  } finally {
    await close()
  }
}

/** So that the image counts as whole here, and publishing asks for it there. */
async function remember(store: Store, { descriptor }: StoredLayer, at: Repository): Promise<void> {
  const { digest, size } = descriptor
  await rememberForeign(store, digest, { sizeBytes: size, repository: `${at.host}/${at.name}` })
  await rememberPlaces(store, [digest], at)
}
