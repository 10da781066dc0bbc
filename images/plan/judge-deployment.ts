import type { Finding } from '../../recipes/parse.ts'
import type { Recipe } from '../../recipes/recipe.ts'
import { gpuOf, runtimeOf } from '../engines/deployment.ts'
import type { Deployment, Refusal } from '../engines/engine.ts'
import { engineOf } from '../engines/engines.ts'
import { hardwareRefusals } from '../engines/gpu-support.ts'
import { machineRefusals } from '../engines/machines.ts'
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
  const ofRecipe = { recipe, engine: engineOf(recipe.engine.id) }
  return [
    ...keyRefusals(ofRecipe),
    ...sharedMemoryRefusals(ofRecipe),
    ...namedTaskRefusals(ofRecipe),
    ...runtimeRefusals(ofRecipe),
  ].map(findingOf)
}

type OfRecipe = Pick<Deployment, 'recipe' | 'engine'>

/** Nothing where the files of the model tell the tasks. */
function namedTaskRefusals({ recipe, engine }: OfRecipe): Refusal[] {
  const tasks = tasksNamed(recipe)
  if (tasks === undefined) return []
  return [
    ...taskRefusals({ recipe, engine, tasks }),
    ...partTaskRefusals({ recipe, tasks }),
    ...unusedSettingRefusals({ recipe, tasks }),
  ]
}

/** A name of a GPU that is a slip has a finding of its own. */
function runtimeRefusals({ recipe, engine }: OfRecipe): Refusal[] {
  const { gpu } = recipe.target
  if (gpu !== undefined && gpuNamed(gpu).type === 'near') return []
  try {
    const runtime = runtimeOf(recipe, engine)
    const deployment = { recipe, engine, runtime, gpu: gpuOf(recipe), facts: null }
    return [...hardwareRefusals(deployment), ...machineRefusals(deployment), ...trustRefusals(deployment)]
  } catch (error) {
    if (!(error instanceof PlanError)) throw error
    const { found, hint } = error.failure
    return [{ path: 'engine', found, hint }]
  }
}

function findingOf({ path, found, hint }: Refusal): Finding {
  return { kind: 'problem', path: path.split('.'), part: 'value', message: found, hint }
}
