import { engineOf } from '../../../images/engines/engines.ts'
import { planMemory } from '../../../images/memory/plan.ts'
import type { MemoryRequest } from '../../../images/memory/request.ts'
import type { MemoryPlan } from '../../../images/memory/result.ts'
import type { EngineId } from '../../../recipes/engine-ids.ts'

/** A request with the engine by its id. */
export type EngineRequest = MemoryRequest & { engine: EngineId }

export function planFor({ engine, ...request }: EngineRequest): MemoryPlan {
  return planMemory(engineOf(engine), request)
}
