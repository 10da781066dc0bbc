import type { ModelFacts } from '../../../recipes/model-facts.ts'
import { type EnginePlan, enginePlan, type MemoryRules } from '../../memory/engine-plan.ts'
import { MemoryError } from '../../memory/error.ts'
import { emptyPool } from '../../memory/pool.ts'
import type { MemoryRequest } from '../../memory/request.ts'

/** Everything is in the memory of the host, reserved at the start for one recording at a time. */
export const memory: MemoryRules = {
  plan,
  splits: 'layers',
  batching: { type: 'slots', contextOf: 'one' },
  eightBitCache: 'q8_0',
  remedies: [],
}

/** Tokens and pieces of sound are padded to whole pages of 256. */
const paddedTokens = 512
const paddedSound = 1536
const elementBytes = 2

/** Throws `bad-request` for a GPU: its packages here compute on the CPU. */
function plan(request: MemoryRequest): EnginePlan {
  const { facts, gpu } = request
  if (gpu.memoryBytes > 0)
    throw new MemoryError('bad-request', {
      attempted: `plan whisper.cpp on ${gpu.name}`,
      found: 'its packages here compute on the CPU',
      hint: 'plan for a CPU: leave the GPU out',
    })
  const planned = enginePlan(request, {
    limitBytes: 0,
    utilization: null,
    weights: undefined,
    overhead: { computeBuffer: computeBytes(facts) },
    doubtBytes: 0,
    pool: emptyPool(1),
    caches: [],
    kvCacheDtype: 'f16',
    maxModelLen: facts.maxPositions ?? 1,
    maxNumSeqs: 1,
    formulas: {},
    warnings: [],
  })
  return { ...planned, allocatedBytes: cacheBytes(facts) }
}

/** `kv self`, `kv cross` and `kv pad` of the log of 1.9.5: keys and values of what was said, of the sound, and room for one layer. */
function cacheBytes({ hiddenSize, layerCount }: ModelFacts): number {
  const perToken = 2 * elementBytes * hiddenSize
  return perToken * (layerCount * (paddedTokens + paddedSound) + paddedSound)
}

/** Four buffers of the log of 1.9.5, by a line through tiny.en (130.73 MB) and base (140.40 MB): logits of 448 tokens, and the width. */
function computeBytes({ vocabSize, hiddenSize }: ModelFacts): number {
  return vocabSize * 448 * 4 + hiddenSize * 75_584 + 8_770_000
}
