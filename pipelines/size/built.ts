import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Attribution, attribute } from '../../images/attribution/attribution.ts'
import type { LayerEntry, LayerFiles } from '../../images/attribution/layer-files.ts'
import { weightEntries } from '../../images/attribution/weight-files.ts'
import type { StoredLayer } from '../../images/oci/oci.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import { listLayer } from '../image-reader/layer.ts'
import { storedListings } from '../image-reader/listings.ts'
import { readBlob } from '../store/blobs.ts'
import type { Store } from '../store/store.ts'
import { mapLimited } from '../weights/limit.ts'

export interface BuiltLayers {
  /** Weight layers in the image, in the order of the plan; none where weights are mounted. */
  weights: readonly StoredLayer[]
  runtime: readonly StoredLayer[]
}

/**
 * Where the bytes of an image that was built come from. A runtime layer is read once in its life and its listing kept;
 * weight layers are known from the plan and never read.
 */
export async function attributeBuilt(
  store: Store,
  plan: ImagePlan,
  { weights, runtime }: BuiltLayers,
): Promise<Attribution> {
  const scratch = await mkdtemp(join(store.temporary, 'attribution-'))
  try {
    const ofWeights = await mapLimited([...weights.entries()], 1, ([index, layer]) =>
      weightFiles(store, layer, plan.weights.layers[index]),
    )
    const ofRuntime = await mapLimited(runtime, 2, (layer) => runtimeFiles(store, layer, scratch))
    return attribute([...ofWeights, ...ofRuntime], {
      known: {
        engine: plan.enginePaths,
        own: plan.settings.flatMap((file) => (file.type === 'file' ? [file.path] : [])),
      },
      weightLayers: new Set(weights.map(({ descriptor }) => descriptor.digest)),
    })
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** Kept like the others, so that `ingot size` of a built image reads nothing either. */
async function weightFiles(
  store: Store,
  layer: StoredLayer,
  planned: ImagePlan['weights']['layers'][number] | undefined,
): Promise<LayerFiles> {
  const entries = planned ? weightEntries(planned) : []
  const listings = storedListings(store)
  const { digest } = layer.descriptor
  if ((await listings.get(digest, true)) === undefined) await listings.set(digest, true, entries)
  return withEntries(layer, entries)
}

async function runtimeFiles(store: Store, layer: StoredLayer, scratch: string): Promise<LayerFiles> {
  const { digest } = layer.descriptor
  const listings = storedListings(store)
  const known = await listings.get(digest, true)
  if (known) return withEntries(layer, known)
  const entries = await listLayer(readBlob(store, digest), { what: `the layer ${digest}`, scratch })
  await listings.set(digest, true, entries)
  return withEntries(layer, entries)
}

function withEntries({ descriptor, cause }: StoredLayer, entries: readonly LayerEntry[]): LayerFiles {
  return { digest: descriptor.digest, storedBytes: descriptor.size, title: cause, entries }
}
