import {
  type LayerKind,
  type LayerRun,
  layerTotals,
  type ModelFacts,
  type StateLayer,
} from '../../recipes/model-facts.ts'
import { type CompressedLayer, indexEntryBytes, isGgml, openElements, vectorBytes } from './compressed.ts'
import type { CacheFormat } from './dtypes.ts'
import type { LayerCost } from './result.ts'

/** One kind of layer as one rank keeps it. `count` is that of the fullest pipeline stage. */
export interface LayerCache {
  kind: LayerKind['kind']
  count: number
  /** Bytes one token takes in one layer; 0 for recurrent ones. */
  tokenBytes: number
  /** Window, chunk or encoder length; null for layers that keep everything. */
  spanTokens: number | null
  /** Bytes of one sequence's state in one layer; 0 for attention. */
  stateBytes: number
  /** Of a drafter of its own, whose layers do not set the size of blocks. */
  drafts?: boolean
  /** Tokens that one kept vector stands for, where there are several. */
  tokensPerVector?: number
}

export interface CacheRules {
  tp: number
  pp: number
  format: CacheFormat
  /** Element bytes of the convolution and of the recurrent matrix. */
  convBytes: number
  ssmBytes: number
  /** Engines that cannot drop what left the window charge windowed layers like full ones. */
  keepsWindows: boolean
  /** The same for chunks of Llama 4, which vLLM learned to drop later. */
  keepsChunks: boolean
  /** vLLM V0 charges cross-attention layers for every text token. */
  crossPerToken: boolean
  /** Tokens drafted ahead for each of which a convolution keeps one more row. */
  draftedRows: number
  /** Whether the checkpoint's own draft head (MTP) drafts, whose layers keep a cache too. */
  usesDraftHead: boolean
  /** vLLM before MLA support stored whole heads, padded to 256. */
  latentAsHeads: boolean
}

/** What each kind of layer costs on one rank, in order of appearance; layers without a cache are left out. */
export function layerCachesOf(facts: ModelFacts, rules: CacheRules): LayerCache[] {
  return layerTotals(withDraft(facts, rules)).flatMap(({ count, layer }) =>
    layerCacheOf(facts, layer, rules).map((cache) => ({ ...cache, count: Math.ceil(count / rules.pp) })),
  )
}

/** The draft head (MTP) has layers like the last that sees everything. */
function withDraft(facts: ModelFacts, { usesDraftHead }: CacheRules): LayerRun[] {
  return usesDraftHead ? [...facts.layers, ...draftHeadOf(facts)] : facts.layers
}

/** Layers of the checkpoint's own draft head; none where it has none. */
export function draftHeadOf({ layers, draftLayers }: ModelFacts): LayerRun[] {
  const last = layers.findLast(({ layer }) => layer.kind === 'full' || layer.kind === 'mla')
  return last && draftLayers > 0 ? [{ count: draftLayers, layer: last.layer }] : []
}

type OneCache = Omit<LayerCache, 'count'>

function layerCacheOf(facts: ModelFacts, layer: LayerKind, rules: CacheRules): OneCache[] {
  switch (layer.kind) {
    case 'none':
    case 'encoder':
      return []
    case 'state':
      return [{ kind: 'state', tokenBytes: 0, spanTokens: null, stateBytes: stateBytesOf(layer, rules) }]
    case 'mla': {
      const tokenBytes = latentBytesOf(facts, layer, rules)
      const spanTokens = rules.keepsWindows ? (layer.windowTokens ?? null) : null
      return [{ kind: spanTokens === null ? 'mla' : 'window', tokenBytes, spanTokens, stateBytes: 0 }]
    }
    case 'compressed':
      return compressedCaches(layer, rules)
    default: {
      const tokenBytes = headBytesOf(layer, rules) + laneBytesOf(layer, rules)
      const span = spanOf(layer, rules)
      return [{ kind: span === null ? 'full' : layer.kind, tokenBytes, spanTokens: span, stateBytes: 0 }]
    }
  }
}

/**
 * The window of every layer, and what one token adds to the vectors that stand for several, their index with it. llama.cpp keeps what
 * is not closed yet as a state of each sequence; the pools of vLLM and SGLang count it themselves.
 */
function compressedCaches(layer: CompressedLayer, { format }: CacheRules): OneCache[] {
  const vector = vectorBytes(layer, format)
  const none = { tokenBytes: 0, spanTokens: null, stateBytes: 0 }
  const window: OneCache = { ...none, kind: 'window', tokenBytes: vector, spanTokens: layer.windowTokens }
  if (layer.ratio === 1) return [window]
  const tokenBytes = (vector + indexEntryBytes(layer.indexDim, format)) / layer.ratio
  const closed: OneCache = { ...none, kind: 'compressed', tokenBytes, tokensPerVector: layer.ratio }
  if (!isGgml(format)) return [window, closed]
  return [window, closed, { ...none, kind: 'state', stateBytes: openElements(layer) * 4 }]
}

/** 2 x local heads x head size x bytes; heads are copied to every rank once there are fewer heads than ranks. */
function headBytesOf(layer: Extract<LayerKind, { kvHeads: number }>, { tp, format }: CacheRules): number {
  const heads = Math.max(1, Math.ceil(layer.kvHeads / tp))
  const { keyDim, valueDim } = layer
  return heads * (format.perHead?.(keyDim, valueDim) ?? format.perVector(keyDim) + format.perVector(valueDim))
}

/** The index of grouped heads lies beside them in their own type, on every rank whole. */
function laneBytesOf(layer: LayerKind, { format }: CacheRules): number {
  if (layer.kind !== 'full' || !layer.indexDim) return 0
  return format.perVector(layer.indexDim) / (layer.indexTokens ?? 1)
}

function spanOf(layer: LayerKind, { keepsWindows, keepsChunks, crossPerToken }: CacheRules): number | null {
  if (layer.kind === 'cross') return crossPerToken ? null : layer.encoderTokens
  if (!keepsWindows) return null
  if (layer.kind === 'window') return layer.windowTokens
  return layer.kind === 'chunked' && keepsChunks ? layer.chunkTokens : null
}

/**
 * Bytes of one token in DeepSeek's own layouts (vLLM's `mla_attention.py`): in fp8 512 latent bytes, 4 scales of 32 bits and 64
 * rotary elements of 16; in NVFP4 352 of them all.
 */
const deepSeekRows: Readonly<Record<string, number>> = { fp8_ds_mla: 656, nvfp4_ds_mla: 352 }

function latentBytesOf(
  facts: ModelFacts,
  layer: Extract<LayerKind, { kind: 'mla' }>,
  { tp, format, latentAsHeads }: CacheRules,
): number {
  if (latentAsHeads) {
    const padded = Math.ceil(facts.headDim / 256) * 256
    return Math.max(1, Math.ceil(facts.headCount / tp)) * 2 * format.perVector(padded)
  }
  const index = indexEntryBytes(layer.indexDim, format) / (layer.indexTokens ?? 1)
  return (deepSeekRows[format.name] ?? format.perVector(layer.latentDim + layer.ropeDim)) + index
}

/** Where one layer has an index, all layers read their cache by it. */
export function isSparse({ layers }: ModelFacts): boolean {
  return layers.some(({ layer }) => layer.kind === 'mla' && layer.indexDim > 0)
}

/** conv (k-1 + drafted) x channels and the recurrent matrix, both divided by tp; groups stay whole. */
function stateBytesOf(layer: StateLayer, { tp, convBytes, ssmBytes, draftedRows }: CacheRules): number {
  const groups = layer.groupCount > 0 ? Math.max(1, Math.ceil(layer.groupCount / tp)) : 0
  const channels = layer.innerChannels / tp + layer.groupChannels * groups
  const rows = layer.convTaps > 0 ? layer.convTaps + draftedRows : 0
  return rows * channels * convBytes + (layer.stateElements / tp) * ssmBytes
}

/** Bytes of one token over all layers, windows not yet left. */
export function bytesPerTokenOf(caches: readonly LayerCache[]): number {
  return caches.reduce((sum, cache) => sum + (cache.kind === 'cross' ? 0 : cache.count * cache.tokenBytes), 0)
}

/** Bytes of one more token when every window is full. */
export function bytesPastWindowsOf(caches: readonly LayerCache[]): number {
  return bytesPerTokenOf(caches.filter((cache) => cache.spanTokens === null))
}

/** Bytes a sequence takes whatever its length: recurrent states and encoder tokens. */
export function fixedBytesOf(caches: readonly LayerCache[]): number {
  return caches.reduce((sum, cache) => sum + cache.count * fixedOf(cache), 0)
}

function fixedOf(cache: LayerCache): number {
  return cache.kind === 'cross' ? cache.tokenBytes * (cache.spanTokens ?? 0) : cache.stateBytes
}

/** `allocated` gives the bytes of one kind where the engine reserves the whole context at once. */
export function layerCostsOf(
  caches: readonly LayerCache[],
  allocated?: (cache: LayerCache) => number | undefined,
): LayerCost[] {
  return caches.map((cache) => ({
    kind: cache.kind,
    layers: cache.count,
    bytesPerToken: Math.round(cache.count * (cache.kind === 'cross' ? 0 : cache.tokenBytes)),
    stopsAtTokens: cache.spanTokens,
    fixedBytesPerSequence: Math.round(cache.count * fixedOf(cache)),
    allocatedBytes: allocated ? Math.round(allocated(cache) ?? 0) : null,
  }))
}
