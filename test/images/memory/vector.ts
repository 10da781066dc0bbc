import { customGpu, findGpu } from '../../../images/memory/gpus.ts'
import type { PlannedMemory } from '../../../images/memory/result.ts'
import { factsOf, GiB, MiB, type ModelName } from './models.ts'
import { type EngineRequest, planFor } from './plan-for.ts'

/** One number of a log and how near the plan must come. */
export interface Check {
  what: string
  logged: number | boolean
  /** Allowed relative error; 0 is exact, absent means exact. */
  within?: number
  /** Logs round: a whole number of steps is allowed, such as one block of a printed 0.01 GiB. */
  steps?: number
  planned: number | boolean
}

export interface Vector {
  id: string
  source: string
  checks: () => Check[]
}

/** Options of a plan with the model by name; the GPU is the catalogue's unless the log shows another total. */
export function plan(
  model: ModelName,
  options: Omit<EngineRequest, 'facts' | 'gpu'> & { gpu: string | number },
): PlannedMemory {
  const { gpu, ...rest } = options
  const card = typeof gpu === 'string' ? findGpu(gpu) : customGpu('logged', Math.round(gpu * GiB))
  const result = planFor({ facts: factsOf(model), gpu: card, ...rest })
  if (result.outcome === 'planned') return result
  throw new Error(`cannot tell: ${result.missing.join(', ')}`)
}

export const overhead = (nonTorch: number, activation: number) => ({
  nonTorchBytes: nonTorch * GiB,
  activationBytes: activation * GiB,
})

export const gib = (bytes: number) => bytes / GiB
export const mib = (bytes: number) => bytes / MiB

export const allocated = (result: PlannedMemory, kind: string) =>
  mib(
    result.kvLayers
      .filter((layer) => layer.kind === kind)
      .reduce((sum, layer) => sum + (layer.allocatedBytes ?? 0), 0),
  )
