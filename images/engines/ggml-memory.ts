import { bytesPerTokenOf, type LayerCache } from '../memory/cache.ts'
import {
  cacheDtypeOf,
  cachesOf,
  type EnginePlan,
  enginePlan,
  formatOf,
  type MemoryRules,
} from '../memory/engine-plan.ts'
import type { Pool } from '../memory/pool.ts'
import type { MemoryRequest } from '../memory/request.ts'
import { readVersion } from '../memory/versions.ts'
import { residentWeights } from '../memory/weights.ts'

const MiB = 1024 ** 2
const GiB = 1024 ** 3

/** What llama.cpp and Ollama, which runs the same code, do differently. */
export interface GgmlRules {
  /** Whether a version uses flash attention unasked. */
  usesFlash(version: string): boolean
  /** Whether the context length is that of one sequence or of all that run at once. */
  contextOf: 'one' | 'all'
  /** Context length, in tokens, as the engine counts it. */
  contextLength(request: MemoryRequest, version: string): number
  /** Bytes of each GPU that are left free. */
  setAsideBytes: number
}

/** The cache of the whole context is allocated at the start, so it either fits or it does not. Whole layers go to each GPU. */
export function ggmlMemory(rules: GgmlRules): MemoryRules {
  return {
    plan: (request) => planGgml(request, rules),
    splits: 'layers',
    batching: { type: 'slots', contextOf: rules.contextOf },
    eightBitCache: 'q8_0',
    remedies: [],
  }
}

interface SequenceSlots {
  /** Sequences at once. */
  count: number
  unified: boolean
  ubatch: number
  padding: number
  /** True when the context length is that of one sequence, false when all share it. */
  perSequence: boolean
}

function planGgml(request: MemoryRequest, rules: GgmlRules): EnginePlan {
  const version = readVersion(request.engineVersion)
  const gpus = (request.tp ?? 1) * (request.pp ?? 1)
  const usesFlash = request.flashAttention ?? rules.usesFlash(version)
  const slots = slotsOf(request, rules, usesFlash)
  const maxModelLen = rules.contextLength(request, version)
  const kvCacheDtype = (request.kvCacheDtype ?? 'auto') === 'auto' ? 'f16' : cacheDtypeOf(request, null)
  const format = formatOf(request, kvCacheDtype)
  const caches = onGpu(request, cachesOf(request, { tp: 1, pp: gpus, format, convBytes: 4, ssmBytes: 4 }))
  const pool = slotPool(caches, slots)
  const overhead = {
    ...overheadOf(request, slots, usesFlash, totalTokens(slots, maxModelLen)),
    ...(rules.setAsideBytes > 0 && { setAside: rules.setAsideBytes }),
  }
  return enginePlan(request, {
    limitBytes: request.gpu.memoryBytes,
    utilization: null,
    weights: residentWeights(request, { ...weightRules, pp: gpus }),
    overhead,
    doubtBytes: 0.25 * GiB + overhead.computeBuffer * 0.25,
    allocatedBytes: pool.requestBytes(maxModelLen),
    pool,
    caches,
    kvCacheDtype,
    maxModelLen,
    maxNumSeqs: slots.count,
    formulas: formulasOf(usesFlash),
    warnings: warningsOf(request, gpus),
  })
}

/** The cache of a layer lies where the layer is computed. */
function onGpu({ gpuLayers, facts }: MemoryRequest, caches: readonly LayerCache[]): LayerCache[] {
  const share = gpuLayers === undefined ? 1 : Math.min(1, gpuLayers / facts.layerCount)
  return caches.map((cache) => ({ ...cache, count: Math.ceil(cache.count * share) }))
}

function warningsOf({ facts }: MemoryRequest, gpus: number): string[] {
  return [
    ...(gpus > 1 ? ['layers are split over the GPUs; the compute buffer is counted on each'] : []),
    ...(facts.vision ? ['the projector for images and its buffer are not counted'] : []),
  ]
}

const weightRules = {
  tp: 1,
  hasRotaryTable: false,
  padsExperts: false,
  usesTorch: false,
  embeddingOnHost: true,
}

function formulasOf(usesFlash: boolean): Record<string, string> {
  return {
    limit: 'GPU memory; every layer is on the GPU',
    kvPool: 'full layers: all cells; windowed: cells = min(context, pad(window x sequences + ubatch))',
    computeBuffer: usesFlash
      ? 'max(4 B (1 + 4d + context), 4 B (d + vocabulary))'
      : 'max(4 B (1 + 4d + context (1 + heads)), 4 B (d + vocabulary))',
  }
}

function slotsOf(request: MemoryRequest, { contextOf }: GgmlRules, usesFlash: boolean): SequenceSlots {
  return {
    count: request.parallel ?? request.maxNumSeqs ?? 1,
    unified: request.unifiedKv ?? false,
    ubatch: request.ubatch ?? request.maxNumBatchedTokens ?? 512,
    padding: usesFlash ? 256 : 32,
    perSequence: contextOf === 'one',
  }
}

function pad(value: number, to: number): number {
  return Math.ceil(value / to) * to
}

function totalTokens(slots: SequenceSlots, length: number): number {
  return slots.perSequence && !slots.unified ? length * slots.count : length
}

/** Cells of each kind for the whole context (checked on V27 to V31 of test/images/memory/vectors). */
function slotPool(caches: readonly LayerCache[], slots: SequenceSlots): Pool {
  const streams = slots.unified ? 1 : slots.count
  const perStream = slots.unified ? slots.count : 1
  const bytesOf = (cache: LayerCache, length: number) => {
    if (cache.kind === 'state') return cache.count * cache.stateBytes * slots.count
    const full = pad(Math.ceil(totalTokens(slots, length) / streams), slots.padding)
    const span = cache.spanTokens
    if (cache.kind === 'cross') return cache.count * cache.tokenBytes * (span ?? 0) * slots.count
    const cells = span === null ? full : Math.min(full, pad(span * perStream + slots.ubatch, slots.padding))
    return cache.count * cache.tokenBytes * cells * streams
  }
  const requestBytes = (length: number) => caches.reduce((sum, cache) => sum + bytesOf(cache, length), 0)
  const perToken = bytesPerTokenOf(caches)
  return {
    formula: 'cells x bytes per cell, for each kind of layer',
    meaning: 'context of all sequences',
    blockTokens: 1,
    blockBytes: perToken,
    blocksIn: (poolBytes) => (perToken > 0 ? Math.max(0, Math.floor(poolBytes / perToken)) : 0),
    requestBlocks: (length) => pad(totalTokens(slots, length), slots.padding),
    requestBytes,
    requestBytesOf: bytesOf,
    tokensIn: (_poolBytes, length) => totalTokens(slots, length),
    concurrencyIn: (poolBytes, length) => (requestBytes(length) <= poolBytes ? slots.count : 0),
  }
}

function overheadOf(request: MemoryRequest, slots: SequenceSlots, usesFlash: boolean, context: number) {
  const known = request.overhead ?? {}
  return {
    cudaContext: known.nonTorchBytes ?? 250 * MiB,
    computeBuffer: known.activationBytes ?? computeBuffer(request, slots.ubatch, usesFlash, context),
  }
}

/**
 * Ollama's graph size for llama: 164.0 MiB for Mistral-7B at 2048 without flash attention (ollama#6348). MLA models
 * need 4 B (3d + V) or 4 B (3d + 2 + context (1 + heads) + 2 x heads x head size).
 */
function computeBuffer(request: MemoryRequest, batch: number, usesFlash: boolean, context: number): number {
  const { hiddenSize: d, vocabSize: vocabulary, headCount, headDim, layers } = request.facts
  const heads = usesFlash ? 0 : headCount
  if (layers.some(({ layer }) => layer.kind === 'mla'))
    return (
      4 * batch * Math.max(3 * d + vocabulary, 3 * d + 2 + context * (1 + heads) + 2 * headDim * headCount)
    )
  return 4 * batch * Math.max(1 + 4 * d + context * (1 + heads), d + vocabulary)
}
