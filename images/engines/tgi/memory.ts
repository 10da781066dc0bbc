import { activationPeak } from '../../memory/activation.ts'
import { sparseDoubts } from '../../memory/compressed.ts'
import {
  cacheDtypeOf,
  cachesOf,
  contextOf,
  type EnginePlan,
  enginePlan,
  formatOf,
  type MemoryRules,
} from '../../memory/engine-plan.ts'
import { capabilityOf } from '../../memory/gpus.ts'
import type { MemoryRequest } from '../../memory/request.ts'
import { tokenPool } from '../../memory/token-pool.ts'
import { readVersion } from '../../memory/versions.ts'
import { residentWeights } from '../../memory/weights.ts'
import { sharedPool } from '../shared-pool.ts'

const GiB = 1024 ** 3

/** TGI leaves a tenth of the GPU alone (`TGI_WIGGLE_ROOM` is 0.9). */
const wiggleRoom = 0.9

/** Default of `--max-batch-prefill-tokens`. */
const defaultPrefillTokens = 4096

export const memory: MemoryRules = { plan, ...sharedPool }

/** TGI: what is left after a warm-up prefill, in blocks of one token (flashinfer) or 16 (paged). Windows are not used. */
function plan(request: MemoryRequest): EnginePlan {
  readVersion(request.engineVersion)
  const { tp = 1, pp = 1, gpu } = request
  const fraction = request.gpuMemoryUtilization ?? 1
  const overhead = overheadOf(request)
  const kvCacheDtype = cacheDtypeOf(request, null)
  const caches = cachesOf(request, {
    tp,
    pp,
    format: formatOf(request, kvCacheDtype),
    keepsWindows: false,
  })
  const blockTokens = request.blockSize ?? (capabilityOf(gpu) >= 8 ? 1 : 16)
  return enginePlan(request, {
    limitBytes: Math.floor(gpu.memoryBytes * fraction * wiggleRoom),
    utilization: fraction,
    weights: residentWeights(request, { ...weightRules, tp, pp }),
    overhead,
    doubtBytes: 0.5 * GiB + overhead.activation * 0.25,
    pool: tokenPool(caches, { blockTokens, windowRatio: 1, stateShare: 0 }),
    caches,
    kvCacheDtype,
    maxModelLen: contextOf(request),
    maxNumSeqs: request.maxNumSeqs ?? 4096,
    formulas,
    doubts: sparseDoubts(request.facts),
    warnings: warningsOf(request),
  })
}

const weightRules = { rotaryTables: () => 0, expertTiles: null, usesTorch: true, embeddingOnHost: false }

const formulas = {
  limit: 'GPU memory x CUDA_MEMORY_FRACTION x 0.90',
  kvPool: 'limit - used after a prefill of max-batch-prefill-tokens',
}

function overheadOf(request: MemoryRequest) {
  const { tp = 1, facts, overhead: known = {} } = request
  const maxNumBatchedTokens = request.maxNumBatchedTokens ?? defaultPrefillTokens
  // TGI samples only the last token of each prompt, so its prefill has no sampler peak; V1 rules of vLLM for the rest.
  const peak = activationPeak(facts, {
    version: '0.9.0',
    isV0: false,
    tp,
    maxNumBatchedTokens,
    maxNumSeqs: 1,
  })
  return {
    nonTorch: Math.round(known.nonTorchBytes ?? (tp > 1 ? 1 : 0.5) * GiB),
    activation: Math.round(known.activationBytes ?? peak),
  }
}

function warningsOf({ facts }: MemoryRequest): string[] {
  const isWindowed = facts.layers.some(({ layer }) => layer.kind === 'window' || layer.kind === 'chunked')
  return isWindowed ? ['TGI charges windowed layers for every token'] : []
}
