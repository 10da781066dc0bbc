import type { ModelFacts } from '../../../recipes/model-facts.ts'
import { fixedBytesOf, type LayerCache } from '../../memory/cache.ts'
import { withIndexes } from '../../memory/compressed.ts'
import {
  type CacheChoices,
  cacheDtypeOf,
  cachesOf,
  type EnginePlan,
  enginePlan,
  formatOf,
  type MemoryRules,
} from '../../memory/engine-plan.ts'
import { type Gpu, isAmd } from '../../memory/gpus.ts'
import type { Pool } from '../../memory/pool.ts'
import type { MemoryRequest } from '../../memory/request.ts'
import { atLeast, readVersion } from '../../memory/versions.ts'
import { residentWeights } from '../../memory/weights.ts'
import { sharedPool } from '../shared-pool.ts'
import { cacheTypeDoubts, rowsOf, sglangCacheType } from './cache-types.ts'
import { compressedLayersOf, compressedPool } from './compressed.ts'
import { sglangContext } from './context.ts'
import { type StateRules, sglangPool } from './memory-pool.ts'

const MiB = 1024 ** 2
const GiB = 1024 ** 3

/** Chunked prefill and graph batch by memory, as SGLang's `server_args.py` chooses them; the last column is for four ranks and more. */
const tiers: ReadonlyArray<readonly [belowGiB: number, chunk: number, graphs: number, wideGraphs: number]> = [
  [20, 2048, 8, 8],
  [35, 2048, 24, 80],
  [60, 4096, 32, 160],
  [160, 8192, 256, 512],
  [Number.POSITIVE_INFINITY, 16384, 512, 512],
]

/** Defaults of `--mamba-full-memory-ratio` and `--swa-full-tokens-ratio`. */
const stateRatio = 0.9
const windowRatio = 0.8

/** Slots of states that a request takes while the prefixes of others are kept; one without a prefix cache. */
const slotsWithPrefixes = 3

/** Requests at once with drafts, where nothing else is asked. */
const draftingRequests = 48

export const memory: MemoryRules = { plan, ...sharedPool }

/** SGLang: the static fraction holds weights and pool; what is left is for activations and graphs. */
function plan(request: MemoryRequest): EnginePlan {
  const version = readVersion(request.engineVersion)
  const { tp = 1, pp = 1, gpu } = request
  const context = contextBytes(request)
  const fraction = request.gpuMemoryUtilization ?? staticFraction(request, version)
  const reserve = Math.round((gpu.memoryBytes - context) * (1 - fraction))
  const weights = residentWeights(request, { ...weightRules, tp, pp })
  const isCompressed = compressedLayersOf(request).length > 0
  const kvCacheDtype = sglangCacheType(request, isCompressed)
  const facts = withIndexes(request.facts)
  const choices = { tp, pp, format: formatOf(request, rowsOf(request, kvCacheDtype)) }
  const kept = [...cachesOf({ ...request, facts }, choices), ...drafterCaches(request, choices)]
  const { pool, caches } = isCompressed
    ? compressedPool(request, version, kept)
    : { pool: poolOf(request, kept), caches: kept }
  return enginePlan(request, {
    limitBytes: gpu.memoryBytes,
    utilization: fraction,
    weights,
    overhead: { nonTorch: context, reservedForActivationsAndGraphs: reserve, ...workspaceOf(request) },
    doubtBytes:
      0.5 * GiB + (weights?.bytes ?? 0) * 0.01 + measuredDoubt(request, version, Math.max(0, reserve)),
    pool,
    caches,
    kvCacheDtype,
    maxModelLen: sglangContext(request),
    maxNumSeqs: request.maxNumSeqs ?? 4096,
    formulas,
    warnings: isCompressed ? [ringWarning] : warningsOf(request, caches),
    doubts: [...capDoubts(request, caches), ...cacheTypeDoubts(request, kvCacheDtype)],
  })
}

/** A drafter of its own keeps as many tokens as the model. */
function drafterCaches({ drafter, ...request }: MemoryRequest, choices: CacheChoices): LayerCache[] {
  return drafter ? cachesOf({ ...request, facts: drafter }, { ...choices, usesDraftHead: false }) : []
}

/** First release found to measure what is free once graphs are captured, and to size the pool by that. */
const measuresSince = '0.5.18'

/** Half of what is set aside, where a release may measure it; no log has told here how much that is. */
function measuredDoubt({ gpu }: MemoryRequest, version: string, reserve: number): number {
  return atLeast(version, measuresSince) && !isAmd(gpu) ? reserve / 2 : 0
}

/** Without a cache of prefixes the windows of a told number of requests are reserved, and the rest is for full layers. */
function capDoubts({ prefixCaching, maxNumSeqs }: MemoryRequest, caches: readonly LayerCache[]): string[] {
  const isCapped = prefixCaching === false && maxNumSeqs !== undefined
  const hasWindow = hasFull(caches) && caches.some(({ kind }) => kind === 'window')
  return isCapped && hasWindow
    ? [
        'windows are counted by --window-ratio; without a cache of prefixes they are reserved for each request',
      ]
    : []
}

function poolOf(request: MemoryRequest, caches: readonly LayerCache[]): Pool {
  return sglangPool(caches, {
    blockTokens: request.blockSize ?? 1,
    windowRatio: hasFull(caches) ? (request.windowRatio ?? windowRatio) : 1,
    states: stateRules(request),
  })
}

const weightRules = { rotaryTables: () => 1, expertTiles: null, usesTorch: true, embeddingOnHost: false }

const formulas = {
  limit: 'GPU memory',
  kvPool: 'free before load x mem-fraction-static - weights (sglang#18263: 230.20 - 287.18 x 0.089)',
  fraction: 'reserved MiB = 512 + 1.5 x chunk + 2 x graph batch + 1024 x tp x pp / 8',
}

function hasFull(caches: readonly LayerCache[]): boolean {
  return caches.some((cache) => cache.spanTokens === null && cache.kind !== 'state')
}

const ringWarning =
  'windows keep a tenth of the tokens, the default of this family; --window-ratio says otherwise. Without --max-num-seqs the open groups of 256 requests are counted'

function stateRules(request: MemoryRequest): StateRules {
  const { speculativeTokens = 0, prefixCaching, maxNumSeqs, stateSlots, stateRatio: ratio } = request
  const keepsPrefixes = prefixCaching !== false
  return {
    ratio: ratio ?? stateRatio,
    slots: stateSlots ?? (keepsPrefixes ? undefined : maxNumSeqs),
    slotsOfRequest: keepsPrefixes ? slotsWithPrefixes : 1,
    copyBytes: copyBytesOf(request),
    maxRequests: maxNumSeqs ?? (speculativeTokens > 0 ? draftingRequests : Number.POSITIVE_INFINITY),
  }
}

/**
 * Each drafted token and their root have a copy of every recurrent matrix, and convolutions a row for each drafted one (N15 of
 * test/images/memory/cases logs 48.75 and 0.43 GiB of them).
 */
function copyBytesOf(request: MemoryRequest): number {
  const { facts, tp = 1, pp = 1, speculativeTokens: drafted = 0 } = request
  if (drafted === 0) return 0
  const matrices = facts.layers.map(({ count, layer }) => ({
    count,
    layer: layer.kind === 'state' ? { ...layer, convTaps: 0 } : layer,
  }))
  const choices = { tp, pp, format: formatOf(request, cacheDtypeOf(request, null)) }
  const matrix = fixedBytesOf(cachesOf({ ...request, facts: { ...facts, layers: matrices } }, choices))
  return fixedBytesOf(cachesOf(request, { ...choices, draftedRows: drafted })) + drafted * matrix
}

function warningsOf(request: MemoryRequest, caches: readonly LayerCache[]): string[] {
  const hasState = caches.some((cache) => cache.kind === 'state')
  const hasWindow = hasFull(caches) && caches.some((cache) => cache.kind === 'window')
  return [
    ...(hasState && request.stateSlots === undefined && request.stateRatio === undefined
      ? [
          `states take ${stateRatio} bytes for each byte of tokens, the default; --state-slots and --state-ratio say otherwise`,
        ]
      : []),
    ...(hasWindow && request.windowRatio === undefined
      ? [
          `windowed layers keep ${windowRatio} tokens for each of the others, the default; --window-ratio says otherwise`,
        ]
      : []),
  ]
}

function contextBytes(request: MemoryRequest): number {
  const given = request.overhead?.nonTorchBytes
  if (given !== undefined) return given
  return Math.round(((request.tp ?? 1) * (request.pp ?? 1) > 1 ? 1 : 0.5) * GiB)
}

function workspaceOf(request: MemoryRequest): Record<string, number> {
  const given = request.overhead?.activationBytes
  return given === undefined ? {} : { workspace: given }
}

/**
 * The default of `--mem-fraction-static`, rounded to three places, by version: a table by ranks until 0.4.6; GiB by
 * card and ranks in 0.4.7 to 0.5.2; since then by the sizes of the batch, at least 10 GiB on cards above 60.
 */
function staticFraction(request: MemoryRequest, version: string): number {
  const { tp = 1, pp = 1, gpu, facts } = request
  const totalMiB = gpu.smiMiB ?? gpu.memoryBytes / MiB
  if (!atLeast(version, '0.4.7')) return oldFraction(totalMiB, tp * pp)
  const reserved = atLeast(version, '0.5.3')
    ? reservedByBatch(request, totalMiB)
    : reservedByCard(totalMiB, tp * pp)
  const fraction = Number(((totalMiB - reserved) / totalMiB).toFixed(3))
  return facts.vision ? fraction * towerFactor(facts.vision) : fraction
}

/** 0.95, and less the larger the tower is beside ViT-L: 24 layers of 1024. */
function towerFactor({ layerCount, hiddenSize }: NonNullable<ModelFacts['vision']>): number {
  const size = (layerCount * hiddenSize ** 2) / (24 * 1024 ** 2)
  return 0.95 * Math.max(0.8, Math.min(1.05, 1 - 0.1 * (size - 1)))
}

function oldFraction(totalMiB: number, ranks: number): number {
  const byRanks = ranks >= 16 ? 0.79 : ranks >= 8 ? 0.81 : ranks >= 4 ? 0.85 : ranks >= 2 ? 0.87 : 0.88
  const fraction = totalMiB <= 81920 ? byRanks : 0.88
  if (totalMiB <= 96 * 1024) return fraction
  return Math.min(fraction + (48 * 1024 * (1 - fraction)) / totalMiB, 1 - (18 * 1024) / totalMiB)
}

function reservedByCard(totalMiB: number, ranks: number): number {
  const gib = totalMiB / 1024
  if (gib < 35) return (2.8 + ranks / 10) * 1024
  if (gib < 160) return ((gib < 90 ? 9.5 : 12) + ranks / 2) * 1024
  return 32 * 1024
}

function reservedByBatch(request: MemoryRequest, totalMiB: number): number {
  const { tp = 1, pp = 1, gpu } = request
  const [, chunk, graphs, wide] = tierOf(gpu)
  const tokens = Math.max(2048, request.maxNumBatchedTokens ?? chunk)
  const reserved = 512 + 1.5 * tokens + 2 * (tp >= 4 ? wide : graphs) + (1024 * tp * pp) / 8
  return totalMiB > 60 * 1024 ? Math.max(reserved, 10 * 1024) : reserved
}

function tierOf(gpu: Gpu) {
  const last = tiers[tiers.length - 1] ?? [0, 2048, 8, 8]
  return tiers.find(([below]) => gpu.memoryBytes < below * GiB) ?? last
}
