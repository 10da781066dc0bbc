import type { Finding } from '../../recipes/parse.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import { gpuOf, runtimeOf } from '../engines/deployment.ts'
import type { Refusal } from '../engines/engine.ts'
import { engineOf } from '../engines/engines.ts'
import { hardwareRefusals } from '../engines/gpu-support.ts'
import { unusedSettingRefusals } from '../engines/setting-refusals.ts'
import { sharedMemoryRefusals } from '../engines/shared-memory.ts'
import { tasksNamed } from '../engines/tasks.ts'
import { PlanError } from '../error.ts'
import { gpuNamed } from '../memory/gpus.ts'
import { keyRefusals } from './api-key.ts'
import { partTaskRefusals, taskRefusals } from './tasks.ts'
import { trustRefusals } from './trust.ts'

/**
 * What a plan would refuse whatever the lock says, since it stands in the recipe: device, GPU, driver, tasks, key, shared
 * memory, certificates.
 */
export function deploymentFindings(recipe: Recipe): Finding[] {
  const engine = engineOf(recipe.engine.id)
  const ofRecipe = { recipe, engine }
  const tasks = tasksNamed(recipe)
  return [
    ...keyRefusals(ofRecipe),
    ...sharedMemoryRefusals(ofRecipe),
    ...(tasks === undefined
      ? []
      : [
          ...taskRefusals({ ...ofRecipe, tasks }),
          ...partTaskRefusals({ recipe, tasks }),
          ...unusedSettingRefusals({ recipe, tasks }),
        ]),
    ...runtimeRefusals(recipe),
  ].map(findingOf)
}

/** A name of a GPU that is a slip has a finding of its own. */
function runtimeRefusals(recipe: Recipe): Refusal[] {
  const { gpu } = recipe.target
  if (gpu !== undefined && gpuNamed(gpu).type === 'near') return []
  const engine = engineOf(recipe.engine.id)
  try {
    const runtime = runtimeOf(recipe, engine)
    const deployment = { recipe, engine, runtime, gpu: gpuOf(recipe), facts: null }
    return [...hardwareRefusals(deployment), ...trustRefusals(deployment)]
  } catch (error) {
    if (!(error instanceof PlanError)) throw error
    const { found, hint } = error.failure
    return [{ path: 'engine', found, hint }]
  }
}

function findingOf({ path, found, hint }: Refusal): Finding {
  return { kind: 'problem', path: path.split('.'), part: 'value', message: found, hint }
}
