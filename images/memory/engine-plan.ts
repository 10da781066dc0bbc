import type { ModelFacts } from '../../recipes/model-facts.ts'
import { bytesPerTokenOf, type CacheRules, fixedBytesOf, type LayerCache, layerCachesOf } from './cache.ts'
import { usesDraftHead } from './drafter.ts'
import { bytesOfDtype, cacheFormatOf, modelDtypeOf } from './dtypes.ts'
import { MemoryError } from './error.ts'
import { emptyPool, type Pool } from './pool.ts'
import type { MemoryRequest } from './request.ts'
import { stagesInOrder, stagesOf } from './stages.ts'
import type { ResidentWeights } from './weights.ts'

/** What one engine makes of a request; the parts that `planMemory` judges and prints. Bytes are of the fullest GPU. */
export interface EnginePlan {
  version: string
  limitBytes: number
  utilization: number | null
  /** Undefined where nothing tells their size. */
  weights: ResidentWeights | undefined
  overhead: Record<string, number>
  /** Parts in the memory of the host, where the engine divides itself; null where nobody counts them. */
  hostBytes: Record<string, number> | null
  /** Half of the width of the band around the pool: what is not known of the overhead. */
  doubtBytes: number
  /** Bytes for the cache; what an engine with a fixed context allocates lies in `allocatedBytes`. */
  poolBytes: number
  /** llama.cpp and Ollama allocate the cache for the whole context at once; null where the pool is what is left. */
  allocatedBytes: number | null
  pool: Pool
  caches: LayerCache[]
  kvCacheDtype: string
  maxModelLen: number
  /** Most sequences the scheduler runs at once. */
  maxNumSeqs: number
  /** Host blocks for swapping, where the engine has them. */
  cpuBlocks: number | null
  formulas: Record<string, string>
  warnings: string[]
  /** What this engine may keep otherwise; no answer is certain then. */
  doubts?: string[]
}

/**
 * How an engine serves several sequences. `pool`: they share one cache as they come. `slots`: each has a place that is reserved
 * at the start, on a CPU in the memory of the host; `contextOf` says whether the context length that the engine is given
 * is that of one sequence or of all together.
 */
export type Batching = { type: 'pool' } | { type: 'slots'; contextOf: 'one' | 'all' }

/** Ways out that not every engine has. */
export type Remedy = 'smaller-batch' | 'more-of-the-gpu'

/** How one engine uses memory: what the planner must know of it. */
export interface MemoryRules {
  /** What the engine makes of a request. Throws `bad-request` for options that make no sense to it. */
  plan(request: MemoryRequest): EnginePlan
  /** What is spread over GPUs: `heads`, whose number must divide by that of the ranks, or whole `layers`. */
  splits: 'heads' | 'layers'
  batching: Batching
  /** Whether experts are spread over all copies of data parallelism; absent where each copy has all. */
  spreadsExperts?: true
  /** What the engine calls a cache of 8 bits. */
  eightBitCache: string
  remedies: readonly Remedy[]
}

/** An engine as the planner sees it: the name for its answers, and the rules. */
export interface PlannedEngine {
  id: string
  memory: MemoryRules
}

type DefaultField = 'version' | 'poolBytes' | 'allocatedBytes' | 'cpuBlocks' | 'hostBytes'

/** Fills in what most engines have alike: the pool is what is left, and a given pool leaves no doubt. */
export function enginePlan(
  request: MemoryRequest,
  parts: Omit<EnginePlan, DefaultField> & Partial<Pick<EnginePlan, DefaultField>>,
): EnginePlan {
  const isTold = request.availableKvBytes !== undefined
  return {
    version: request.engineVersion ?? 'newest rules',
    poolBytes: poolBytesOf(request, parts.limitBytes, parts.weights, parts.overhead),
    allocatedBytes: null,
    cpuBlocks: null,
    hostBytes: null,
    ...parts,
    // Encoders keep nothing, so nothing is allocated for a cache.
    ...(parts.caches.length === 0 && { pool: emptyPool(parts.maxNumSeqs), allocatedBytes: 0 }),
    doubtBytes: isTold ? 0 : Math.round(parts.doubtBytes + (parts.weights?.doubtBytes ?? 0)),
  }
}

/** Context length that an engine takes when the caller names none. Throws `bad-request` when nothing tells one. */
export function contextOf(request: MemoryRequest): number {
  const length = request.maxModelLen ?? request.facts.maxPositions
  if (length) return length
  throw new MemoryError('bad-request', {
    attempted: `plan ${request.facts.architecture}`,
    found: 'its configuration names no longest context',
    hint: 'give one: --max-model-len, or serving.contextLength in a recipe',
  })
}

/** Cache type by name. Throws `bad-request` for one that no engine here has. */
export function formatOf(request: MemoryRequest, resolved: string) {
  const format = cacheFormatOf(resolved)
  if (format) return format
  throw new MemoryError('bad-request', {
    attempted: `plan a cache of type "${request.kvCacheDtype}"`,
    found: 'its size per element is not known here',
    hint: 'use auto, float16, bfloat16, fp8, fp8_e4m3, fp8_e5m2, fp8_ds_mla, fp8_per_token_head, int8_per_token_head, int4_per_token_head, nvfp4, nvfp4_ds_mla, ultraquant_4bit, mxfp8, fp4_e2m1, turboquant_k8v4, turboquant_4bit_nc, turboquant_k3v4_nc, turboquant_3bit_nc, q8_0, q5_1, q5_0, q4_1 or q4_0',
  })
}

/** `auto` is the dtype of the model, unless the checkpoint asks for a cache of its own. */
export function cacheDtypeOf(request: MemoryRequest, ofCheckpoint: string | null): string {
  const asked = request.kvCacheDtype ?? 'auto'
  if (asked !== 'auto') return asked
  return ofCheckpoint ?? modelDtypeOf(request.facts, request.dtype)
}

/** Element bytes of the recurrent matrix: asked for, written in the configuration, or the model's own. */
export function stateBytesOf(facts: ModelFacts, request: MemoryRequest, readsConfig: boolean): number {
  const asked = request.mambaSsmDtype === 'auto' ? undefined : request.mambaSsmDtype
  const state = facts.layers.find(({ layer }) => layer.kind === 'state')?.layer
  const written =
    state?.kind === 'state' && (readsConfig || state.family !== 'mamba2') ? state.stateDtype : null
  return bytesOfDtype(asked ?? written ?? modelDtypeOf(facts, request.dtype)) ?? 2
}

export type CacheChoices = Pick<CacheRules, 'format' | 'tp' | 'pp'> & Partial<CacheRules>

/** Caches under the rules that most engines share: half-precision convolution, windows as the caller says. */
export function cachesOf(request: MemoryRequest, choices: CacheChoices): LayerCache[] {
  const { stageLayers: named, ...whole } = request
  const stageLayers = named ?? stagesInOrder(request.facts, choices.pp)
  return stageLayers === undefined
    ? evenCachesOf(request, choices)
    : fullestOf(
        stagesOf(request.facts, stageLayers).map((facts) =>
          evenCachesOf({ ...whole, facts }, { ...choices, pp: 1 }),
        ),
      )
}

/** The stage whose caches take the most. */
function fullestOf(stages: readonly LayerCache[][]): LayerCache[] {
  const sizeOf = (caches: readonly LayerCache[]) => bytesPerTokenOf(caches) * 1024 + fixedBytesOf(caches)
  return stages.reduce<LayerCache[]>((most, stage) => (sizeOf(stage) > sizeOf(most) ? stage : most), [])
}

function evenCachesOf(request: MemoryRequest, choices: CacheChoices): LayerCache[] {
  const half = bytesOfDtype(modelDtypeOf(request.facts, request.dtype)) ?? 2
  return layerCachesOf(request.facts, {
    convBytes: half,
    ssmBytes: stateBytesOf(request.facts, request, true),
    keepsWindows: true,
    keepsChunks: true,
    crossPerToken: false,
    draftedRows: 0,
    usesDraftHead: usesDraftHead(request),
    latentAsHeads: false,
    ...choices,
  })
}

/** Limit less weights and overhead; negative when not even those fit. */
export function leftBytes(
  limitBytes: number,
  weights: ResidentWeights | undefined,
  overhead: Record<string, number>,
): number {
  const parts = Object.values(overhead).reduce((sum, bytes) => sum + bytes, 0)
  return Math.floor(limitBytes - (weights?.bytes ?? 0) - parts)
}

/** Pool for the cache: the given one, or what is left. */
function poolBytesOf(
  request: MemoryRequest,
  limitBytes: number,
  weights: ResidentWeights | undefined,
  overhead: Record<string, number>,
): number {
  return request.availableKvBytes ?? leftBytes(limitBytes, weights, overhead)
}
