import { formatGiB } from '../../lib/bytes.ts'
import { adviceFor } from './advice.ts'
import { bytesPastWindowsOf, bytesPerTokenOf, fixedBytesOf, layerCostsOf } from './cache.ts'
import type { EnginePlan } from './engine-plan.ts'
import { planLlamaCpp } from './llama-cpp.ts'
import { comparePaging } from './paging.ts'
import { largestLengthIn } from './pool.ts'
import type { MemoryRequest } from './request.ts'
import type { Band, MemoryPlan, PlannedMemory } from './result.ts'
import { rooflineOf } from './roofline.ts'
import { planSglang } from './sglang.ts'
import { planTensorrtLlm } from './tensorrt-llm.ts'
import { planTgi } from './tgi.ts'
import { checkRequest } from './validation.ts'
import { planVllm } from './vllm.ts'

const GiB = 1024 ** 3

/**
 * Whether a model fits, where every byte goes, and what to change. Pure; throws `bad-request` for options that make no
 * sense, and answers `cannot-tell` where the model or its weights are not known.
 */
export function planMemory(request: MemoryRequest): MemoryPlan {
  checkRequest(request)
  const { facts } = request
  if (facts.missing.length > 0) return unknown(request, facts.missing, [], null)
  const engine = planEngine(request)
  if (!engine.weights && request.availableKvBytes === undefined) {
    const what = 'the bytes of the weights: give tensor headers (a folder or repository) or --weights-bytes'
    return unknown(request, [what], [], null)
  }
  const plan = planned(request, engine)
  if (facts.doubts.length > 0) return doubted(request, plan)
  return { ...plan, advice: plan.fits && plan.certain ? [] : adviceFor(request, evaluate) }
}

/** The numbers without advice, for trying changes. */
function evaluate(request: MemoryRequest): PlannedMemory {
  return planned(request, planEngine(request))
}

function planEngine(request: MemoryRequest): EnginePlan {
  switch (request.engine) {
    case 'vllm':
      return planVllm(request)
    case 'sglang':
      return planSglang(request)
    case 'tgi':
      return planTgi(request)
    case 'tensorrt-llm':
      return planTensorrtLlm(request)
    case 'llama-cpp':
    case 'ollama':
      return planLlamaCpp(request)
  }
}

function planned(request: MemoryRequest, engine: EnginePlan): PlannedMemory {
  const { pool, maxModelLen, poolBytes } = engine
  const needed = pool.requestBytes(maxModelLen)
  const spare = poolBytes - needed
  const shown = Math.max(0, engine.allocatedBytes ?? poolBytes)
  const cap = Math.max(request.facts.maxPositions ?? 0, maxModelLen)
  const longest = largestLengthIn(pool, poolBytes, cap)
  const fits = spare >= 0 && longest > 0
  const certain =
    request.availableKvBytes !== undefined || Math.abs(spare) > Math.max(engine.doubtBytes, edgeBytes(engine))
  return {
    outcome: 'planned',
    ...identityOf(request, engine),
    limitBytes: engine.limitBytes,
    gpuMemoryUtilization: engine.utilization,
    ...weightsOf(request, engine),
    overheadBytes: engine.overhead,
    kvPoolBytes: Math.floor(engine.allocatedBytes ?? poolBytes),
    kvPoolFrom: poolFrom(request, engine),
    ...cacheOf(engine),
    kvBlocks: pool.blocksIn(shown),
    kvTokens: pool.tokensIn(shown, maxModelLen),
    kvTokensMeaning: pool.meaning,
    cpuBlocks: engine.cpuBlocks,
    maxModelLen,
    kvBytesForOneSequence: Math.ceil(needed),
    blocksForOneSequence: pool.requestBlocks(maxModelLen),
    maxConcurrency: Number(pool.concurrencyIn(Math.max(0, poolBytes), maxModelLen).toFixed(4)),
    maxModelLenThatFits: longest,
    fits,
    certain,
    spareBytes: Math.floor(spare),
    bands: bandsOf(engine, shown, cap),
    formulas: { ...engine.formulas, kvBlocks: pool.formula },
    verdict: verdictOf(engine, fits, certain, spare, longest),
    advice: [],
    warnings: [...engine.warnings, ...limitsOf(engine, pool.blocksIn(shown)), ...trustOf(request, engine)],
    paging: request.meanTokens
      ? comparePaging(pool.tokensIn(shown, maxModelLen), maxModelLen, request.meanTokens, pool.blockTokens)
      : null,
    ...boundsOf(request, engine, pool.concurrencyIn(Math.max(0, poolBytes), maxModelLen)),
  }
}

function poolFrom(request: MemoryRequest, engine: EnginePlan): PlannedMemory['kvPoolFrom'] {
  if (engine.allocatedBytes !== null) return 'context'
  return request.availableKvBytes === undefined ? 'budget' : 'given'
}

/** Nobody is promised a fit within 1 GiB of the edge; on small cards within 4 % of the limit. */
function edgeBytes(engine: EnginePlan): number {
  return Math.min(GiB, engine.limitBytes * 0.04)
}

function identityOf(request: MemoryRequest, engine: EnginePlan) {
  return {
    engine: request.engine,
    engineVersion: engine.version,
    gpu: request.gpu.name,
    gpuCount: (request.tp ?? 1) * (request.pp ?? 1),
    gpuMemoryBytes: request.gpu.memoryBytes,
  }
}

function weightsOf(request: MemoryRequest, engine: EnginePlan) {
  const weights = engine.weights
  const from = weights?.from ?? 'not needed'
  return {
    weightsBytes: weights?.bytes ?? 0,
    weightsTotalBytes: weights?.totalBytes ?? request.weightsBytes ?? 0,
    weightsFrom: from,
  } as const
}

function cacheOf(engine: EnginePlan) {
  const { caches, pool } = engine
  return {
    kvCacheDtype: engine.kvCacheDtype,
    kvBytesPerToken: Math.round(bytesPerTokenOf(caches)),
    kvBytesPerTokenPastWindows: Math.round(bytesPastWindowsOf(caches)),
    kvBytesPerSequence: Math.round(fixedBytesOf(caches)),
    kvLayers: layerCostsOf(
      caches,
      engine.allocatedBytes === null
        ? undefined
        : (cache) => pool.requestBytesOf?.(cache, engine.maxModelLen),
    ),
    kvBlockTokens: pool.blockTokens,
    kvBlockBytes: Math.round(pool.blockBytes),
  }
}

function bandsOf(engine: EnginePlan, shown: number, cap: number): PlannedMemory['bands'] {
  const { pool, doubtBytes, maxModelLen, poolBytes } = engine
  const low = Math.max(0, poolBytes - doubtBytes)
  const high = Math.max(0, poolBytes + doubtBytes)
  const band = (of: (bytes: number) => number): Band => [of(low), of(high)]
  const isFixed = engine.allocatedBytes !== null
  return {
    kvPoolBytes: isFixed ? [Math.floor(shown), Math.floor(shown)] : [Math.floor(low), Math.floor(high)],
    kvTokens: isFixed
      ? band(() => pool.tokensIn(shown, maxModelLen))
      : band((bytes) => pool.tokensIn(bytes, maxModelLen)),
    maxModelLenThatFits: band((bytes) => largestLengthIn(pool, bytes, cap)),
  }
}

function verdictOf(
  engine: EnginePlan,
  fits: boolean,
  certain: boolean,
  spare: number,
  longest: number,
): string {
  const { maxModelLen, poolBytes } = engine
  const edge = certain ? '' : '; this is nearer to the edge than the estimate is exact'
  if (poolBytes <= 0)
    return `does not fit: weights and overhead are ${formatGiB(-poolBytes)} over the limit, nothing is left for the cache${edge}`
  if (fits) return `fits: ${formatGiB(spare)} are free beside one sequence of ${maxModelLen} tokens${edge}`
  const most = longest > 0 ? `; ${longest} tokens would fit` : ''
  return `does not fit: one sequence of ${maxModelLen} tokens lacks ${formatGiB(-spare)} of cache${most}${edge}`
}

/** A scheduler may not run more sequences than there are states (vllm-project/recipes#831). */
function limitsOf(engine: EnginePlan, blocks: number): string[] {
  const hasState = engine.caches.some((cache) => cache.kind === 'state')
  if (!hasState || engine.allocatedBytes !== null || blocks === 0 || blocks >= engine.maxNumSeqs) return []
  return [
    `max-num-seqs ${engine.maxNumSeqs} is more than the ${blocks} state blocks: vLLM refuses that, lower it`,
  ]
}

function trustOf(request: MemoryRequest, engine: EnginePlan): string[] {
  const warnings: string[] = []
  if (engine.weights?.from === 'configuration')
    warnings.push(
      'weight bytes are counted from the configuration, not from tensor headers; mixed checkpoints differ',
    )
  if (request.gpu.memoryTrust === 'general' || request.gpu.memoryTrust === 'derived')
    warnings.push(
      `the memory of ${request.gpu.name} was not read from a log; give --gpu-memory-bytes to be sure`,
    )
  if (request.gpu.sharesHostMemory)
    warnings.push(`${request.gpu.name} shares memory with the host: other processes count`)
  return warnings
}

function boundsOf(request: MemoryRequest, engine: EnginePlan, sequences: number) {
  const { tp = 1, pp = 1, facts, gpu } = request
  if (!engine.weights) return { roofline: null, decodeTokensPerSecondUpperBound: null }
  const roofline = rooflineOf({
    facts,
    gpu,
    gpuCount: tp * pp,
    tp,
    weightsBytes: engine.weights.totalBytes,
    caches: engine.caches,
    sequences: Math.min(engine.maxNumSeqs, sequences),
    contextTokens: engine.maxModelLen,
  })
  return { roofline, decodeTokensPerSecondUpperBound: roofline?.decodeTokensPerSecondPerSequence ?? null }
}

function unknown(
  request: MemoryRequest,
  missing: readonly string[],
  assumptions: readonly string[],
  partial: PlannedMemory | null,
): MemoryPlan {
  const { outcome: _o, fits: _f, verdict: _v, warnings = [], ...rest } = partial ?? {}
  return {
    outcome: 'cannot-tell',
    engine: request.engine,
    engineVersion: request.engineVersion ?? 'newest rules',
    gpu: request.gpu.name,
    fits: null,
    missing: [...missing],
    assumptions: [...assumptions],
    verdict: `cannot tell: ${missing.join('; ')}`,
    warnings,
    // An absent plan leaves `rest` empty, which the check on `partial` rules out.
    partial: partial ? (rest as Omit<PlannedMemory, 'outcome' | 'fits' | 'verdict' | 'warnings'>) : null,
  }
}

function doubted(request: MemoryRequest, plan: PlannedMemory): MemoryPlan {
  const what = `how ${request.facts.architecture} keeps its past`
  return unknown(request, [what], request.facts.doubts, plan)
}
