import type { ModelFacts } from '../../../recipes/model-facts.ts'
import { activationPeak } from '../../memory/activation.ts'
import { usesDraftHead } from '../../memory/drafter.ts'
import { modelDtypeOf } from '../../memory/dtypes.ts'
import { type EnginePlan, enginePlan, formatOf, type MemoryRules } from '../../memory/engine-plan.ts'
import type { ExpertTiles } from '../../memory/expert-tiles.ts'
import { capabilityOf, isAmd } from '../../memory/gpus.ts'
import type { Pool } from '../../memory/pool.ts'
import type { MemoryRequest } from '../../memory/request.ts'
import type { TokenMeaning } from '../../memory/result.ts'
import { atLeast, readVersion } from '../../memory/versions.ts'
import { residentWeights, type WeightRules } from '../../memory/weights.ts'
import { type CompressedPoolRules, compressedPool } from './compressed-pool.ts'
import { vllmContext } from './context.ts'
import { adapterBytes, adapterDoubts } from './memory-adapters.ts'
import { baseBlockTokens, hybridBlockTokens } from './memory-blocks.ts'
import { cacheTypeOf, drafterDoubts, isCompressed, vllmCaches } from './memory-caches.ts'
import { doubtOf, expertDoubt, samplerDoubts } from './memory-doubts.ts'
import { graphEstimateBytes, graphWarnings } from './memory-graphs.ts'
import { type VllmPoolRules, vllmPool } from './memory-pool.ts'
import {
  groupSlack,
  inFlightTokens,
  nonTorchBytes,
  recurrentKernelBytes,
  rotaryTables,
  stateBlocksOf,
  type VllmDefaults,
  vllmDefaults,
} from './memory-rules.ts'
import { withoutImages } from './memory-tower.ts'

const GiB = 1024 ** 3

export const memory: MemoryRules = {
  plan,
  splits: 'heads',
  batching: { type: 'pool' },
  spreadsExperts: true,
  eightBitCache: 'fp8',
  remedies: ['smaller-batch', 'more-of-the-gpu'],
}

/** vLLM by version: its budget, its blocks, and what its log means by their size (`v1/core/kv_cache_utils.py`). */
function plan(asked: MemoryRequest): EnginePlan {
  const version = readVersion(asked.engineVersion)
  const request = withoutImages(asked, version)
  const maxModelLen = vllmContext(request, version)
  const defaults = vllmDefaults(request, version, maxModelLen)
  const { gpu } = request
  const utilization = request.gpuMemoryUtilization ?? defaults.utilization
  const overhead = overheadOf(request, version, defaults)
  const caches = vllmCaches(request, version, defaults)
  const pool = poolOf(request, version, defaults)
  return enginePlan(request, {
    limitBytes: Math.ceil(gpu.memoryBytes * utilization),
    utilization,
    weights: residentWeights(request, weightRulesOf(request, version)),
    overhead,
    doubtBytes: doubtOf(request, overhead, defaults) + expertDoubt(request, version),
    pool,
    caches,
    kvCacheDtype: cacheTypeOf(request, version),
    maxModelLen,
    maxNumSeqs: defaults.maxNumSeqs,
    cpuBlocks: cpuBlocksOf(request, defaults, pool.blockBytes),
    formulas,
    warnings: [...warningsOf(request, defaults), ...graphWarnings(request, version, defaults)],
    doubts: [
      ...samplerDoubts(request, overhead, defaults),
      ...adapterDoubts(request),
      ...drafterDoubts(request),
    ],
  })
}

function weightRulesOf(request: MemoryRequest, version: string): WeightRules {
  const { tp = 1, pp = 1, dp = 1 } = request
  return {
    tp,
    pp,
    // Ranks of all copies form one group for experts (`fused_moe/config.py`).
    expertCopies: dp,
    rotaryTables: (facts) => rotaryTables(facts, version),
    expertTiles: tilesOf(request, version),
    usesTorch: true,
    embeddingOnHost: false,
  }
}

const formulas = {
  limit: 'ceil(GPU memory x gpu-memory-utilization)',
  kvPool: 'limit - weights - non-torch - activation peak - CUDA graphs (charged since v0.20)',
  activation: 'max(T x (6 f/tp + 6 d), bytes per logit x max-num-seqs x vocabulary, largest image)',
}

/** One block is no sequence's, which is counted since 0.29 (`v1/core/kv_cache_planning.py`). */
function poolOf(request: MemoryRequest, version: string, defaults: VllmDefaults): Pool {
  const pool = isCompressed(request)
    ? compressedPool(request.facts, compressedRules(request, version, defaults))
    : plainPool(request, version, defaults)
  return atLeast(version, '0.29.0') ? { ...pool, heldBackBytes: pool.blockBytes } : pool
}

/** From 0.14 to 0.16 one stage had to hold a sequence over all layers, those of other stages too (vllm#34076). */
function plainPool(request: MemoryRequest, version: string, defaults: VllmDefaults): Pool {
  const rules = poolRules(request, version, defaults)
  const pool = vllmPool(vllmCaches(request, version, defaults), rules)
  const { pp = 1, stageLayers: _stages, ...whole } = request
  if (pp === 1 || !atLeast(version, '0.14.0') || atLeast(version, '0.17.0')) return pool
  const needed = vllmPool(vllmCaches({ ...whole, pp: 1 }, version, defaults), rules)
  return { ...pool, requestBytes: needed.requestBytes }
}

function poolRules(request: MemoryRequest, version: string, defaults: VllmDefaults): VllmPoolRules {
  const keepsPrefixes = request.prefixCaching ?? atLeast(version, '0.21.0')
  return {
    baseBlockTokens: baseBlockTokens(request, version, cacheTypeOf(request, version)),
    hybridBlockTokens: hybridBlockTokens(request, version),
    stateBlockTokens: keepsPrefixes ? Number.POSITIVE_INFINITY : vllmContext(request, version),
    cacheRanks: request.dcp ?? 1,
    inFlightTokens: inFlightTokens(defaults.maxNumBatchedTokens, request.pp ?? 1, version),
    groupSlack: groupSlack(version),
    meaning: meaningOf(defaults),
    stateBlocks: stateBlocksOf(request, version),
  }
}

/** Since 0.11 Hopper takes Triton's kernels, which the official image has; other cards, and those nobody names, Marlin's. */
function tilesOf({ gpu }: MemoryRequest, version: string): ExpertTiles {
  return Math.floor(capabilityOf(gpu)) === 9 && atLeast(version, '0.11.0') ? 'triton' : 'marlin'
}

function compressedRules(
  request: MemoryRequest,
  version: string,
  defaults: VllmDefaults,
): CompressedPoolRules {
  const { pp = 1, facts } = request
  return {
    pp,
    format: formatOf(request, cacheTypeOf(request, version)),
    blockTokens: request.blockSize ?? 256,
    draftLayers: usesDraftHead(request) ? facts.draftLayers : 0,
    inFlightTokens: inFlightTokens(defaults.maxNumBatchedTokens, pp, version),
    cacheRanks: request.dcp ?? 1,
    isPacked: atLeast(version, '0.24.0'),
    needsPacked: atLeast(version, '0.29.0'),
    meaning: meaningOf(defaults),
  }
}

function meaningOf(defaults: VllmDefaults): TokenMeaning {
  if (defaults.countsByConcurrency) return 'concurrency times context length'
  return defaults.keepsWindows ? 'blocks over groups times the smallest block' : 'blocks times block size'
}

const isEncoder = ({ layers }: ModelFacts) => layers.every(({ layer }) => layer.kind === 'encoder')

function overheadOf(request: MemoryRequest, version: string, defaults: VllmDefaults): Record<string, number> {
  const { tp = 1, pp = 1, dp = 1, overhead = {}, facts, gpu } = request
  const { isV0, maxNumSeqs, maxNumBatchedTokens: batch } = defaults
  // A model that gives vectors samples nothing, and an encoder reads each text in one batch.
  const takesWhole = isEncoder(facts)
  const run = {
    version,
    isV0,
    tp,
    maxNumBatchedTokens: takesWhole ? Math.max(batch, vllmContext(request, version)) : batch,
    maxNumSeqs: takesWhole || request.pools ? 0 : maxNumSeqs,
  }
  const activation = overhead.activationBytes ?? activationPeak(facts, run)
  const adapters = Math.round(adapterBytes(request))
  const graphs = overhead.cudaGraphBytes ?? graphEstimateBytes(maxNumSeqs)
  return {
    nonTorch: Math.round(
      overhead.nonTorchBytes ?? nonTorchBytes(gpu, tp * pp * dp, version) + kernelBytes(facts, version),
    ),
    activation: Math.round(activation),
    cudaGraphs: Math.round(defaults.chargesGraphs || overhead.cudaGraphBytes !== undefined ? graphs : 0),
    ...(adapters > 0 && { adapters }),
  }
}

/** Since 0.17 they are part of what every model takes outside PyTorch. */
function kernelBytes({ layers }: ModelFacts, version: string): number {
  const isRecurrent = layers.some(({ layer }) => layer.kind === 'state')
  return isRecurrent && !atLeast(version, '0.17.0') ? recurrentKernelBytes : 0
}

/** V0 kept 4 GiB of host memory for swapped blocks; V1 has none. */
function cpuBlocksOf(request: MemoryRequest, { isV0 }: VllmDefaults, blockBytes: number): number | null {
  if (!isV0 && request.swapSpaceBytes === undefined) return null
  return Math.floor((request.swapSpaceBytes ?? 4 * GiB) / blockBytes)
}

function warningsOf(request: MemoryRequest, defaults: VllmDefaults): string[] {
  const { gpu, facts, quantization } = request
  const method = quantization ?? facts.quantization?.method ?? 'none'
  const capability = capabilityOf(gpu)
  const warnings: string[] = []
  if (!gpu.hasBf16 && modelDtypeOf(facts, request.dtype) === 'bfloat16')
    warnings.push(`${gpu.name} has no bf16: vLLM refuses it, so give --dtype float16 (same bytes)`)
  if (/fp8/.test(method) && capability > 0 && capability < 8.9 && !isAmd(gpu))
    warnings.push(`${gpu.name} has no fp8 units: the weights stay 8-bit but compute runs in 16 bits`)
  if (method === 'awq' && capability > 0 && capability < 7.5)
    warnings.push('AWQ needs compute capability 7.5')
  if (defaults.maySortLess)
    warnings.push('with FlashInfer installed, as in the official image, the sampler takes about a third')
  if (facts.vocabSize === 0)
    warnings.push('the vocabulary is not known, so the peak of the sampler is not counted')
  if (facts.quantization?.kvCacheDtype && (request.kvCacheDtype ?? 'auto') === 'auto')
    warnings.push(
      `the checkpoint asks for a cache of type ${facts.quantization.kvCacheDtype}; --kv-cache-dtype overrides it`,
    )
  return warnings
}
