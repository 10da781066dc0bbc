import { formatGiB } from '../../lib/bytes.ts'
import { sumOf } from '../../recipes/model-facts.ts'
import { bytesPastWindowsOf, bytesPerTokenOf, fixedBytesOf, layerCostsOf } from './cache.ts'
import type { EnginePlan, MemoryRules, PlannedEngine } from './engine-plan.ts'
import { comparePaging } from './paging.ts'
import { largestLengthIn } from './pool.ts'
import type { MemoryRequest } from './request.ts'
import type { Band, PlannedMemory } from './result.ts'
import { rooflineOf } from './roofline.ts'

const GiB = 1024 ** 3

/** Turns what an engine makes of a request into numbers, bands and a verdict; advice is left empty. */
export function judge(planned: PlannedEngine, request: MemoryRequest, engine: EnginePlan): PlannedMemory {
  const { pool, maxModelLen, poolBytes } = engine
  const shown = Math.max(0, engine.allocatedBytes ?? poolBytes)
  const kvTokens = pool.tokensIn(shown, maxModelLen)
  const concurrency = pool.concurrencyIn(Math.max(0, poolBytes), maxModelLen)
  return {
    outcome: 'planned',
    engine: planned.id,
    ...identityOf(request, engine),
    ...budgetOf(request, engine),
    ...cacheOf(engine),
    kvBlocks: engine.allocatedBytes === null ? pool.blocksIn(shown) : pool.requestBlocks(maxModelLen),
    kvTokens,
    kvTokensMeaning: pool.meaning,
    cpuBlocks: engine.cpuBlocks,
    maxConcurrency: Number(concurrency.toFixed(4)),
    ...answerOf(request, engine),
    formulas: { ...engine.formulas, kvBlocks: pool.formula },
    advice: [],
    warnings: [
      ...engine.warnings,
      ...limitsOf(engine, pool.blocksIn(shown)),
      ...shareWarnings(request),
      ...headWarnings(request, planned.memory),
      ...trustOf(request, engine),
    ],
    paging: request.meanTokens
      ? comparePaging(kvTokens, maxModelLen, request.meanTokens, pool.blockTokens)
      : null,
    ...boundsOf(request, engine, concurrency),
  }
}

function budgetOf(request: MemoryRequest, engine: EnginePlan) {
  return {
    limitBytes: engine.limitBytes,
    gpuMemoryUtilization: engine.utilization,
    ...weightsOf(request, engine),
    overheadBytes: engine.overhead,
    ...(engine.hostBytes && { hostBytes: engine.hostBytes }),
    kvPoolBytes: Math.floor(engine.allocatedBytes ?? engine.poolBytes),
    kvPoolFrom: poolFrom(request, engine),
  }
}

function answerOf(request: MemoryRequest, engine: EnginePlan) {
  const { pool, maxModelLen, poolBytes, doubtBytes } = engine
  const needed = pool.requestBytes(maxModelLen)
  const spare = poolBytes - (pool.heldBackBytes ?? 0) - needed
  const cap = Math.max(request.facts.maxPositions ?? 0, maxModelLen)
  const longest = largestLengthIn(pool, poolBytes, cap)
  const fits = spare >= 0 && longest > 0
  const isGiven = request.availableKvBytes !== undefined
  const certain = isGiven || Math.abs(spare) > Math.max(doubtBytes, edgeBytes(engine))
  return {
    maxModelLen,
    kvBytesForOneSequence: Math.ceil(needed),
    blocksForOneSequence: pool.requestBlocks(maxModelLen),
    maxModelLenThatFits: longest,
    fits,
    certain,
    spareBytes: Math.floor(spare),
    bands: bandsOf(engine, cap),
    verdict: verdictOf(engine, { fits, certain, spare, longest }),
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
    engineVersion: engine.version,
    gpu: request.gpu.name,
    gpuCount: (request.tp ?? 1) * (request.pp ?? 1) * (request.dp ?? 1),
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

function bandsOf(engine: EnginePlan, cap: number): PlannedMemory['bands'] {
  const { pool, doubtBytes, maxModelLen, poolBytes } = engine
  const shown = Math.max(0, engine.allocatedBytes ?? poolBytes)
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

interface FitAnswer {
  fits: boolean
  certain: boolean
  /** Bytes left beside one sequence. */
  spare: number
  /** Tokens of the longest sequence that fits. */
  longest: number
}

function verdictOf({ maxModelLen, poolBytes }: EnginePlan, answer: FitAnswer): string {
  const { fits, certain, spare, longest } = answer
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
    `max-num-seqs ${engine.maxNumSeqs} is more than the ${blocks} state blocks: a scheduler refuses that, lower it`,
  ]
}

/** A log prints the bytes of one rank; taken as those of the whole model they would be divided once more. */
function shareWarnings({ facts, weightsBytes, tp = 1 }: MemoryRequest): string[] {
  if (weightsBytes === undefined || tp === 1 || !facts.parameters) return []
  const bits = facts.quantization?.bitsPerWeight ?? 16
  const share = weightsBytes / ((sumOf(facts.parameters) * bits) / 8 / tp)
  if (share < 0.9 || share > 1.1) return []
  return [
    `--weights-bytes is about 1/${tp} of what the configuration needs, as packed weights are; for bytes of one GPU use --weights-bytes-per-gpu`,
  ]
}

function headWarnings({ facts, tp = 1 }: MemoryRequest, { splits }: MemoryRules): string[] {
  if (splits === 'layers') return []
  const uneven = facts.layers
    .flatMap(({ layer }) => ('kvHeads' in layer ? [layer.kvHeads] : []))
    .find((heads) => heads % tp !== 0 && tp % heads !== 0)
  return uneven === undefined
    ? []
    : [`${uneven} key/value heads do not divide by tensor parallel ${tp}: most engines refuse that`]
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
