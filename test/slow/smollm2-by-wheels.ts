import { join } from 'node:path'
import { connect } from '@dagger.io/dagger'
import { runtimeOf } from '../../images/engines/deployment.ts'
import { engineOf } from '../../images/engines/engines.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { mirrorOf } from '../../pipelines/software/index-mirror.ts'
import { installPython, resolvePython } from '../../pipelines/software/python.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import type { Workplace } from '../e2e/ingot.ts'
import { exportSmollm2 } from './smollm2-safetensors.ts'

/** Writes SmolLM2 in safetensors to `model` of the workplace, by the torch among the wheels of the recipe's engine. */
export async function writeSmollm2(place: Workplace, recipe: Recipe): Promise<void> {
  const { source } = runtimeOf(recipe, engineOf(recipe.engine.id))
  if (source.type !== 'python') throw new Error(`${recipe.name} is no Python environment`)
  await connect(async (client) => {
    const asked = {
      platform: 'linux/amd64',
      mirror: await mirrorOf(client, readSettings(place.environment)),
      factory: undefined,
    }
    const now = new Date().toISOString()
    const lock = await resolvePython(client, source, recipe.engine.version, { ...asked, now })
    const environment = await installPython(client, source, lock, asked)
    await exportSmollm2(client, environment, source.folder, join(place.folder, 'model'))
  })
}
