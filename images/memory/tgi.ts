import { capabilityOf } from '../gpus.ts'
import { activationPeak } from './activation.ts'
import { cacheDtypeOf, cachesOf, contextOf, type EnginePlan, formatOf, poolBytesOf } from './engine-plan.ts'
import type { MemoryRequest } from './request.ts'
import { tokenPool } from './token-pool.ts'
import { readVersion } from './versions.ts'
import { residentWeights } from './weights.ts'

const GiB = 1024 ** 3

/** TGI leaves a tenth of the GPU alone (`TGI_WIGGLE_ROOM`, memory.md section 3.5). */
const wiggleRoom = 0.9

/** Default of `--max-batch-prefill-tokens`. */
const defaultPrefillTokens = 4096

/** TGI: what is left after a warm-up prefill, in blocks of one token (flashinfer) or 16 (paged). Windows are not used. */
export function planTgi(request: MemoryRequest): EnginePlan {
  readVersion(request.engineVersion)
  const { tp = 1, pp = 1, facts, gpu, overhead: known = {} } = request
  const maxModelLen = contextOf(request)
  const fraction = request.gpuMemoryUtilization ?? 1
  const limitBytes = Math.floor(gpu.memoryBytes * fraction * wiggleRoom)
  const weights = residentWeights(request, {
    tp,
    pp,
    hasRotaryTable: false,
    padsExperts: false,
    embeddingOnHost: false,
  })
  const run = {
    version: '0.9.0',
    tp,
    maxNumBatchedTokens: Math.max(request.maxNumBatchedTokens ?? defaultPrefillTokens, 1),
    maxNumSeqs: 1,
  }
  const overhead = {
    nonTorch: Math.round(known.nonTorchBytes ?? (tp > 1 ? 1 : 0.5) * GiB),
    activation: Math.round(known.activationBytes ?? activationPeak(facts, run)),
  }
  const kvCacheDtype = cacheDtypeOf(request, null)
  const caches = cachesOf(request, { tp, pp, format: formatOf(request, kvCacheDtype), keepsWindows: false })
  return {
    version: request.engineVersion ?? 'newest rules',
    limitBytes,
    utilization: fraction,
    weights,
    overhead,
    doubtBytes:
      request.availableKvBytes === undefined ? Math.round(0.5 * GiB + overhead.activation * 0.25) : 0,
    poolBytes: poolBytesOf(request, limitBytes, weights, overhead),
    allocatedBytes: null,
    pool: tokenPool(caches, {
      blockTokens: request.blockSize ?? (capabilityOf(gpu) >= 8 ? 1 : 16),
      windowRatio: 1,
      stateShare: 0,
    }),
    caches,
    kvCacheDtype,
    maxModelLen,
    maxNumSeqs: request.maxNumSeqs ?? 4096,
    cpuBlocks: null,
    formulas: {
      limit: 'GPU memory x CUDA_MEMORY_FRACTION x 0.90',
      kvPool: 'limit - used after a prefill of max-batch-prefill-tokens',
    },
    warnings: facts.layers.some(({ layer }) => layer.kind === 'window' || layer.kind === 'chunked')
      ? ['TGI charges windowed layers for every token']
      : [],
  }
}
