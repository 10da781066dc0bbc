import type { Lock } from '../../recipes/lock.ts'
import type { Deployment } from '../engines/engine.ts'
import { machineRefusals } from '../engines/machines.ts'
import { placeRefusals } from '../engines/named-places.ts'
import { settingRefusals } from '../engines/setting-refusals.ts'
import { sharedMemoryRefusals } from '../engines/shared-memory.ts'
import { PlanError } from '../error.ts'
import { keyRefusals } from './api-key.ts'
import { licenceRefusals, partLicenceRefusals } from './licence.ts'
import { furtherTaskRefusals, partTaskRefusals, taskRefusals } from './tasks.ts'
import { trustRefusals } from './trust.ts'

/** Throws `refused` with everything at once that speaks against serving a recipe: licences, its engine, its own settings. */
export function refuseUnserved(deployment: Deployment, { weights }: Lock): void {
  const { recipe, engine, parts } = deployment
  const refusals = [
    ...licenceRefusals(recipe, weights),
    ...partLicenceRefusals(parts),
    ...engine.refusals(deployment),
    ...machineRefusals(deployment),
    ...settingRefusals(deployment),
    ...placeRefusals(deployment),
    ...taskRefusals(deployment),
    ...partTaskRefusals(deployment),
    ...furtherTaskRefusals(deployment),
    ...keyRefusals(deployment),
    ...sharedMemoryRefusals(deployment),
    ...trustRefusals(deployment),
  ]
  if (refusals.length === 0) return
  throw new PlanError('refused', {
    attempted: `plan ${recipe.name}`,
    found: refusals.map((refusal) => `${refusal.path}: ${refusal.found}`).join('; '),
    hint: refusals.map((refusal) => refusal.hint).join('; '),
  })
}
