import type { ModelFacts } from '../../recipes/model-facts.ts'
import { draftHeadOf, type LayerCache } from '../memory/cache.ts'
import { withIndexes } from '../memory/compressed.ts'
import { usesDraftHead } from '../memory/drafter.ts'
import {
  cacheDtypeOf,
  cachesOf,
  type EnginePlan,
  enginePlan,
  formatOf,
  type MemoryRules,
} from '../memory/engine-plan.ts'
import type { MemoryRequest } from '../memory/request.ts'
import { readVersion } from '../memory/versions.ts'
import { residentWeights } from '../memory/weights.ts'
import { type GraphBytes, graphBytes } from './ggml-graph.ts'
import { cellsOf, type SequenceSlots, slotPool } from './ggml-slots.ts'

const MiB = 1024 ** 2
const GiB = 1024 ** 3

/** How a version reserves its graph. */
export interface GraphRules {
  /** Whether logits are kept for every token of a batch, or for those that are answered. */
  keepsAllLogits: boolean
  placesValues: boolean
  mixesEmbeddings: boolean
  /** Whether it is Ollama's own runner. */
  isPlain: boolean
}

/** What llama.cpp and Ollama, which runs the same code, do differently. */
export interface GgmlRules {
  /** Whether a version uses flash attention unasked for such a model. */
  usesFlash(facts: ModelFacts, version: string): boolean
  graphOf(facts: ModelFacts, version: string): GraphRules
  /** Whether a version rounds the cells of a cache up to 256 without flash attention too, and not to 32. */
  padsAlways(version: string): boolean
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

function planGgml(request: MemoryRequest, rules: GgmlRules): EnginePlan {
  const version = readVersion(request.engineVersion)
  const gpus = (request.tp ?? 1) * (request.pp ?? 1)
  const usesFlash =
    hasFlash(request.facts) && (request.flashAttention ?? rules.usesFlash(request.facts, version))
  const slots = slotsOf(request, rules, usesFlash || rules.padsAlways(version))
  const maxModelLen = rules.contextLength(request, version)
  const kvCacheDtype = (request.kvCacheDtype ?? 'auto') === 'auto' ? 'f16' : cacheDtypeOf(request, null)
  const caches = onGpu(request, ggmlCaches(request, kvCacheDtype, gpus))
  const pool = slotPool(caches, slots)
  const graph = reservedGraph(request, slots, {
    usesFlash,
    maxModelLen,
    ...rules.graphOf(request.facts, version),
  })
  const computeBuffer = request.overhead?.activationBytes ?? graph.device
  const weights = residentWeights(request, { ...weightRules, pp: gpus })
  return enginePlan(request, {
    limitBytes: request.gpu.memoryBytes,
    utilization: null,
    weights,
    overhead: {
      cudaContext: request.overhead?.nonTorchBytes ?? 250 * MiB,
      computeBuffer,
      ...(rules.setAsideBytes > 0 && { setAside: rules.setAsideBytes }),
    },
    hostBytes: { weights: weights?.hostBytes ?? 0, computeBuffer: graph.host },
    doubtBytes: 0.25 * GiB + computeBuffer * 0.15,
    allocatedBytes: pool.requestBytes(maxModelLen),
    pool,
    caches,
    kvCacheDtype,
    maxModelLen,
    maxNumSeqs: slots.count,
    formulas,
    warnings: warningsOf(request, gpus),
  })
}

/** Caches of the model in the type that was asked for; what drafts keeps its own in 16 bits. */
function ggmlCaches(request: MemoryRequest, kvCacheDtype: string, gpus: number): LayerCache[] {
  const { drafter, ...rest } = request
  const facts = withIndexes(request.facts)
  const choices = { tp: 1, pp: gpus, convBytes: 4, ssmBytes: 4, usesDraftHead: false }
  const own = cachesOf({ ...rest, facts }, { ...choices, format: formatOf(request, kvCacheDtype) })
  const drafting = drafter ?? (usesDraftHead(request) ? { ...facts, layers: draftHeadOf(facts) } : undefined)
  return drafting
    ? [...own, ...cachesOf({ ...rest, facts: drafting }, { ...choices, format: formatOf(request, 'f16') })]
    : own
}

interface ReservedBatch extends GraphRules {
  usesFlash: boolean
  maxModelLen: number
}

function reservedGraph(request: MemoryRequest, slots: SequenceSlots, reserved: ReservedBatch): GraphBytes {
  const { usesFlash, maxModelLen, keepsAllLogits, placesValues, mixesEmbeddings, isPlain } = reserved
  const tokens = Math.min(slots.ubatch, cellsOf(slots, maxModelLen, null) * (slots.unified ? 1 : slots.count))
  const answered = slots.count * (1 + (request.speculativeTokens ?? 0))
  return graphBytes(request.facts, {
    tokens,
    sequences: slots.count,
    outputs: keepsAllLogits ? tokens : Math.min(tokens, answered),
    cellsOf: (windowTokens) => cellsOf(slots, maxModelLen, windowTokens),
    usesFlash,
    placesValues,
    mixesEmbeddings,
    isPlain,
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
  rotaryTables: () => 0,
  expertTiles: null,
  usesTorch: false,
  embeddingOnHost: true,
} as const

const formulas = {
  limit: 'GPU memory; every layer is on the GPU unless layers are named',
  kvPool: 'full layers: all cells; windowed: cells = min(context, pad(window x sequences + ubatch))',
  computeBuffer:
    'the tensors of one layer of each kind, placed as ggml-alloc.c places them, beside masks and logits',
}

function slotsOf(request: MemoryRequest, { contextOf }: GgmlRules, padsWide: boolean): SequenceSlots {
  return {
    count: request.parallel ?? request.maxNumSeqs ?? 1,
    unified: request.unifiedKv ?? false,
    ownStreams: request.facts.layers.some(({ layer }) => layer.kind === 'compressed'),
    ubatch: request.ubatch ?? request.maxNumBatchedTokens ?? 512,
    padding: padsWide ? 256 : 32,
    perSequence: contextOf === 'one',
    stateCopies: goesBack(request.facts) ? (request.speculativeTokens ?? 0) : 0,
  }
}

/** Grok bends its scores before they are weighed, so llama.cpp leaves flash attention off whatever is asked. */
function hasFlash({ modelType }: ModelFacts): boolean {
  return !modelType.startsWith('grok')
}

/** Families whose recurrent layers keep a state for each drafted token (`llm_arch_supports_rs_rollback`). */
function goesBack({ modelType }: ModelFacts): boolean {
  return /^qwen(3_5|35|3_6|36)/.test(modelType)
}
