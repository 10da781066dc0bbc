import {
  cachesOf,
  contextOf,
  type EnginePlan,
  enginePlan,
  formatOf,
  type MemoryRules,
} from '../../memory/engine-plan.ts'
import type { MemoryRequest } from '../../memory/request.ts'
import { tokenPool } from '../../memory/token-pool.ts'
import { residentWeights } from '../../memory/weights.ts'

export const memory: MemoryRules = {
  plan,
  splits: 'heads',
  batching: { type: 'pool' },
  eightBitCache: 'fp8',
  remedies: [],
}

/** What the weights leave holds the words under way. */
function plan(request: MemoryRequest): EnginePlan {
  const { tp = 1, pp = 1, gpu, kvCacheDtype: asked = 'auto' } = request
  const kvCacheDtype = asked === 'auto' ? 'float16' : asked
  const caches = cachesOf(request, { tp, pp, format: formatOf(request, kvCacheDtype) })
  return enginePlan(request, {
    limitBytes: gpu.memoryBytes,
    utilization: null,
    weights: residentWeights(request, { ...weightRules, tp, pp }),
    overhead: {},
    doubtBytes: 0,
    pool: tokenPool(caches, { blockTokens: 1, windowRatio: 1, stateShare: 0 }),
    caches,
    kvCacheDtype,
    maxModelLen: contextOf(request),
    maxNumSeqs: request.maxNumSeqs ?? 1,
    formulas: { limit: 'GPU memory', kvPool: 'GPU memory - weights' },
    warnings: [],
  })
}

const weightRules = { rotaryTables: () => 0, expertTiles: null, usesTorch: false, embeddingOnHost: false }
