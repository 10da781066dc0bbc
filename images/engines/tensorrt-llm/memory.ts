import { activationPeak } from '../../memory/activation.ts'
import { sparseDoubts } from '../../memory/compressed.ts'
import {
  cacheDtypeOf,
  cachesOf,
  contextOf,
  type EnginePlan,
  enginePlan,
  formatOf,
  leftBytes,
  type MemoryRules,
} from '../../memory/engine-plan.ts'
import type { MemoryRequest } from '../../memory/request.ts'
import { tokenPool } from '../../memory/token-pool.ts'
import { readVersion } from '../../memory/versions.ts'
import { residentWeights } from '../../memory/weights.ts'
import { sharedPool } from '../shared-pool.ts'

const GiB = 1024 ** 3

/** Default of `--max_num_tokens`, the batch of the profile run. */
const defaultBatchedTokens = 8192

/** `free_gpu_memory_fraction`: the share of what weights and the profile run leave. */
const defaultShare = 0.9

export const memory: MemoryRules = { plan, ...sharedPool }

/** TensorRT-LLM's PyTorch backend: the pool is a share of what is free after load and a profile run. */
function plan(request: MemoryRequest): EnginePlan {
  readVersion(request.engineVersion)
  const { tp = 1, pp = 1, facts, gpu } = request
  const share = request.gpuMemoryUtilization ?? defaultShare
  const weights = residentWeights(request, { ...weightRules, tp, pp })
  const used = usedBytes(request)
  const free = Math.max(0, leftBytes(gpu.memoryBytes, weights, used))
  const kvCacheDtype = cacheDtypeOf(request, facts.quantization?.kvCacheDtype ?? null)
  const caches = cachesOf(request, {
    tp,
    pp,
    format: formatOf(request, kvCacheDtype),
    keepsWindows: false,
  })
  return enginePlan(request, {
    limitBytes: gpu.memoryBytes,
    utilization: share,
    weights,
    overhead: { ...used, leftFree: Math.round(free * (1 - share)) },
    doubtBytes: GiB + used.activation * 0.25,
    pool: tokenPool(caches, { blockTokens: request.blockSize ?? 32, windowRatio: 1, stateShare: 0 }),
    caches,
    kvCacheDtype,
    maxModelLen: contextOf(request),
    maxNumSeqs: request.maxNumSeqs ?? 2048,
    formulas,
    doubts: sparseDoubts(request.facts),
    warnings: warningsOf(request),
  })
}

const weightRules = { rotaryTables: () => 1, expertTiles: null, usesTorch: true, embeddingOnHost: false }

const formulas = {
  limit: 'GPU memory',
  kvPool: 'free_gpu_memory_fraction x (GPU memory - weights - profile run)',
}

function usedBytes(request: MemoryRequest) {
  const { tp = 1, pp = 1, facts, overhead: known = {} } = request
  const maxNumBatchedTokens = request.maxNumBatchedTokens ?? defaultBatchedTokens
  const peak = activationPeak(facts, {
    version: '0.21.0',
    isV0: false,
    tp,
    maxNumBatchedTokens,
    maxNumSeqs: 1,
  })
  return {
    nonTorch: Math.round(known.nonTorchBytes ?? (tp * pp > 1 ? 2 : 1) * GiB),
    activation: Math.round(known.activationBytes ?? peak),
    cudaGraphs: Math.round(known.cudaGraphBytes ?? 0),
  }
}

function warningsOf({ facts }: MemoryRequest): string[] {
  const isWindowed = facts.layers.some(({ layer }) => layer.kind === 'window')
  return [
    'the overhead of TensorRT-LLM is an estimate of this planner, not calibrated on a log',
    ...(isWindowed ? ['windowed layers are charged for every token here: an upper bound'] : []),
  ]
}
