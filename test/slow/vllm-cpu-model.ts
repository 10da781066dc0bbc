import { join } from 'node:path'
import { connect } from '@dagger.io/dagger'
import { runtimeOf } from '../../images/engines/deployment.ts'
import { engineOf } from '../../images/engines/engines.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { mirrorOf } from '../../pipelines/software/index-mirror.ts'
import { installPython, resolvePython } from '../../pipelines/software/python.ts'
import { newWorkplace, type Workplace, writeRecipe } from '../e2e/ingot.ts'
import { readRecipe } from '../images/engines/fixtures.ts'
import { exportSmollm2 } from './smollm2-safetensors.ts'

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
  const ours = readRecipe('smollm2-135m-vllm.yaml')
  const { source } = runtimeOf(ours, engineOf('vllm'))
  if (source.type !== 'python') throw new Error('vLLM for CPUs is a Python environment')
  await connect(async (client) => {
    const asked = {
      platform: 'linux/amd64',
      mirror: await mirrorOf(client, readSettings(place.environment)),
      factory: undefined,
    }
    const now = new Date().toISOString()
    const lock = await resolvePython(client, source, ours.engine.version, { ...asked, now })
    const environment = await installPython(client, source, lock, asked)
    await exportSmollm2(client, environment, source.folder, join(place.folder, 'model'))
  })
  return { place, recipe: await writeRecipe(place, 'smollm2-135m-vllm', text) }
}
