import { customGpu, findGpu } from '../../../../images/memory/gpus.ts'
import type { PlannedMemory } from '../../../../images/memory/result.ts'
import { factsFromConfig } from '../../../../recipes/model-facts/config.ts'
import { type EngineRequest, planFor } from '../plan-for.ts'
import configs from './configs.json' with { type: 'json' }

export type ConfigName = keyof typeof configs

/** What a log or a configuration says of one run, and how it was run. */
export interface CaseRow {
  id: string
  model: ConfigName
  options: Omit<EngineRequest, 'facts' | 'gpu' | 'engine'> & {
    engine?: EngineRequest['engine']
    gpu?: string | number
  }
  expected: Partial<PlannedMemory>
  /** Logs print pools to 0.01 GiB: what was planned for the smallest and the largest pool of that print holds the logged figure. */
  printed?: Partial<Record<'kvTokens' | 'maxConcurrency' | 'maxModelLenThatFits', number>>
}

export const GiB = 1024 ** 3

export const factsOfCase = (model: ConfigName) => factsFromConfig(configs[model])

export function planOfCase({ model, options }: CaseRow, poolBytes = options.availableKvBytes): PlannedMemory {
  const { gpu = 141, engine = 'vllm', ...rest } = options
  const card = typeof gpu === 'string' ? findGpu(gpu) : customGpu('logged', Math.round(gpu * GiB))
  const pool = poolBytes === undefined ? {} : { availableKvBytes: poolBytes }
  const plan = planFor({ engine, facts: factsOfCase(model), gpu: card, ...rest, ...pool })
  if (plan.outcome === 'planned') return plan
  throw new Error(plan.verdict)
}
