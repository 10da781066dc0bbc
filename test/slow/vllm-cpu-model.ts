import { newWorkplace, type Workplace, writeRecipe } from '../e2e/ingot.ts'
import { readRecipe } from '../images/engines/fixtures.ts'
import { writeSmollm2 } from './smollm2-by-wheels.ts'

/** The recipe of the repository with its weights from a folder and a context that a busy machine can fill. */
const text = `name: smollm2-135m-vllm
model: { name: smollm2-135m-instruct, license: Apache-2.0 }
engine: { id: vllm, version: ">=0.28 <0.34", device: cpu }
weights:
  source: { type: folder, path: model }
serving: { contextLength: 512, dtype: float32, sharedMemory: 256MiB }
verify: { startTimeoutSeconds: 1800 }
`

/** A workplace with a recipe for vLLM on a CPU, and its model in safetensors, made by the wheels' own torch. */
export async function vllmOnCpu(): Promise<{ place: Workplace; recipe: string }> {
  const place = await newWorkplace()
  await writeSmollm2(place, readRecipe('smollm2-135m-vllm.yaml'))
  return { place, recipe: await writeRecipe(place, 'smollm2-135m-vllm', text) }
}
