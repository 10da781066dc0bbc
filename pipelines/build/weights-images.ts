import type { StoredLayer } from '../../images/oci/oci.ts'
import { modelcarImage } from '../../images/plan/modelcar.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import {
  modelPack,
  type PackedLayer,
  packedFiles,
  rawModelPack,
  weightsImage,
} from '../../images/weights/artifact.ts'
import type { WholeWeights } from '../../recipes/pinned-parts.ts'
import { isGgmlModel } from '../../recipes/weight-names.ts'
import type { ImageMount } from '../boot/runner.ts'
import { requireHere } from '../store/foreign.ts'
import { type ImageName, writeImage } from '../store/image.ts'
import { rememberSlice } from '../store/slice.ts'
import type { Store } from '../store/store.ts'
import { buildModelcar, type ModelcarContext } from './modelcar.ts'

/** Images of weights in the store; the names are given when the server's image was judged. */
export interface WeightsImages {
  mounts: ImageMount[]
  names: ImageName[]
}

/** Weights outside the server's image are an image of their own, to be mounted in its place and published as it is. */
export async function storeWeightsImages(
  plan: ImagePlan,
  weights: WholeWeights,
  stored: readonly StoredLayer[],
  context: ModelcarContext,
): Promise<WeightsImages> {
  const layers = plan.weights.layers.flatMap((layer, index) => {
    const packed = stored[index]
    return packed === undefined ? [] : [{ plan: layer, stored: packed }]
  })
  if (layers.length === 0) return { mounts: [], names: [] }
  const { store } = context
  const assembled = weightsImage(layers, weights, plan.platform)
  const image = await writeImage(store, assembled)
  const others =
    plan.weights.delivery === 'artifact' ? await storeOtherForms(plan, weights, layers, context) : []
  return {
    mounts: [{ image, path: plan.weights.modelFolder }],
    names: [{ name: `${plan.name}-weights:latest`, image }, ...others],
  }
}

/** The same layers as other tools want them. */
async function storeOtherForms(
  plan: ImagePlan,
  weights: WholeWeights,
  layers: readonly PackedLayer[],
  context: ModelcarContext,
): Promise<ImageName[]> {
  const { store } = context
  const paths = weights.files.map(({ path }) => path)
  const format = paths.some((path) => path.endsWith('.gguf')) ? 'gguf' : 'safetensors'
  const told = paths.some(isGgmlModel) ? {} : ({ format } as const)
  const facts = { name: plan.model, ...told }
  const isRaw = plan.weights.modelPack === 'raw'
  if (isRaw) await rememberFiles(store, layers)
  const pack = isRaw ? rawModelPack(layers, weights, facts) : modelPack(layers, weights, facts)
  const packed = { name: `${plan.name}-modelpack:latest`, image: await writeImage(store, pack) }
  const own = await buildModelcar(plan, context)
  if (own === undefined) return [packed]
  const modelcar = modelcarImage(layers, own, weights, plan.platform)
  return [packed, { name: `${plan.name}-modelcar:latest`, image: await writeImage(store, modelcar) }]
}

/** Each file as a part of the layer that it lies in: a raw ModelPack takes no second copy. Throws `missing-blob` for a layer that only a registry has. */
async function rememberFiles(store: Store, layers: readonly PackedLayer[]): Promise<void> {
  for (const { layer, offset, sizeBytes, sha256 } of packedFiles(layers)) {
    await requireHere(store, layer)
    await rememberSlice(store, `sha256:${sha256}`, { layer, start: offset, sizeBytes })
  }
}
