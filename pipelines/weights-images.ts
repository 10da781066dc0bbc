import type { StoredLayer } from '../images/oci.ts'
import type { ImagePlan } from '../images/plan.ts'
import { modelPack, type PackedLayer, weightsImage } from '../images/weights/artifact.ts'
import { modelcarImage } from '../images/weights/modelcar.ts'
import type { LockedWeights } from '../recipes/locked-weights.ts'
import type { WeightsMount } from './boot/runner.ts'
import { buildModelcar, type ModelcarContext } from './modelcar.ts'
import { storeImage } from './store/image.ts'

/** Weights outside the server's image are an image of their own, to be mounted in its place and published as it is. */
export async function storeWeightsImages(
  plan: ImagePlan,
  weights: LockedWeights,
  stored: readonly StoredLayer[],
  context: ModelcarContext,
): Promise<WeightsMount[]> {
  const layers = plan.weights.layers.flatMap((layer, index) => {
    const packed = stored[index]
    return packed === undefined ? [] : [{ plan: layer, stored: packed }]
  })
  if (layers.length === 0) return []
  const { store } = context
  const assembled = weightsImage(layers, weights, plan.platform)
  const image = await storeImage(store, assembled, `${plan.name}-weights:latest`)
  if (plan.weights.delivery === 'artifact') await storeOtherForms(plan, weights, layers, context)
  return [{ image, path: plan.weights.modelFolder }]
}

/** The same layers as other tools want them. */
async function storeOtherForms(
  plan: ImagePlan,
  weights: LockedWeights,
  layers: readonly PackedLayer[],
  context: ModelcarContext,
): Promise<void> {
  const { store } = context
  const format = weights.files.some((file) => file.path.endsWith('.gguf')) ? 'gguf' : 'safetensors'
  const pack = modelPack(layers, weights, { name: plan.model, format })
  await storeImage(store, pack, `${plan.name}-modelpack:latest`)
  const own = await buildModelcar(plan, context)
  if (own === undefined) return
  const modelcar = modelcarImage(layers, own, weights, plan.platform)
  await storeImage(store, modelcar, `${plan.name}-modelcar:latest`)
}
