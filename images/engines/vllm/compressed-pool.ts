import type { ModelFacts } from '../../../recipes/model-facts.ts'
import { type CompressedLayer, indexEntryBytes, isPacked, vectorBytes } from '../../memory/compressed.ts'
import type { CacheFormat } from '../../memory/dtypes.ts'
import type { Pool } from '../../memory/pool.ts'
import type { TokenMeaning } from '../../memory/result.ts'

export interface CompressedPoolRules {
  pp: number
  format: CacheFormat
  /** Tokens of one block of the compressed caches. */
  blockTokens: number
  /** Layers of the draft head that are used: each has a window. */
  draftLayers: number
  inFlightTokens: number
  /** Ranks that share the tokens of the compressed caches. */
  cacheRanks: number
  /** A block is as wide as its widest group; in older versions it has a slot of each page size for each layer of a group. */
  isPacked: boolean
  /** What a sequence needs is counted in the same blocks; there were versions that counted it in the older ones. */
  needsPacked: boolean
  meaning: TokenMeaning
}

/** One cache of one sort of layer: how many there are, bytes of a page, tokens of a block, and how many tokens stay. */
interface PageCache {
  count: number
  pageBytes: number
  blockTokens: number
  spanTokens: number | null
}

interface BlockGroup {
  blockTokens: number
  spanTokens: number | null
  bytes: number
}

/** Pages of the packed layout are whole rows of its kernels; other layouts have pages of whole half-kilobytes. */
const packedAlignment = 576
const plainAlignment = 512

/**
 * DeepSeek-V4 in vLLM: compressed vectors and their index in one group of blocks; windows, and what compressors have not
 * yet closed, in groups of their own from the same blocks (`v1/core/kv_cache_planning.py`).
 */
export function compressedPool(facts: ModelFacts, rules: CompressedPoolRules): Pool {
  const { groups, packedBytes, slotBytes } = groupsOf(facts, rules)
  const blockBytes = rules.isPacked ? packedBytes : slotBytes
  const neededBytes = rules.needsPacked ? packedBytes : slotBytes
  const requestBlocks = (tokens: number) =>
    groups.reduce((sum, group) => sum + blocksOf(group, tokens, rules), 0)
  const blocksIn = (poolBytes: number) => Math.max(0, Math.floor(poolBytes / blockBytes))
  const concurrencyIn = (poolBytes: number, length: number) => blocksIn(poolBytes) / requestBlocks(length)
  return {
    formula: 'blocks = floor(pool / bytes of the widest group); a sequence takes the sum over groups',
    meaning: rules.meaning,
    blockTokens: Math.min(...groups.map((group) => group.blockTokens)),
    blockBytes,
    blocksIn,
    requestBlocks,
    requestBytes: (tokens) => requestBlocks(tokens) * neededBytes,
    tokensIn: (poolBytes, length) => Math.floor(concurrencyIn(poolBytes, length) * length),
    concurrencyIn,
  }
}

function blocksOf(
  { blockTokens, spanTokens }: BlockGroup,
  tokens: number,
  { inFlightTokens, cacheRanks }: CompressedPoolRules,
): number {
  if (spanTokens === null) return Math.ceil(tokens / (blockTokens * cacheRanks))
  return Math.ceil(Math.min(spanTokens - 1 + inFlightTokens, tokens) / blockTokens) + 1
}

interface BlockGroups {
  groups: BlockGroup[]
  packedBytes: number
  slotBytes: number
}

function groupsOf(facts: ModelFacts, rules: CompressedPoolRules): BlockGroups {
  const { kept, windows, open } = cachesOf(facts, rules)
  const layers = mostOf(kept)
  const sets = [[windows], ...open].filter((set) => mostOf(set) > 0)
  const perGroup = nearestDivisor([layers, ...sets.map(mostOf)], layers)
  const compressed = { blockTokens: rules.blockTokens, spanTokens: null, bytes: sumOf(kept) }
  const groups = [compressed, ...sets.flatMap((set) => partsOf(set, perGroup))]
  const slots = Math.max(layers, ...sets.map((set) => widthOf(mostOf(set), perGroup)))
  return {
    groups,
    packedBytes: Math.max(...groups.map((group) => group.bytes)),
    slotBytes: slots * kept.reduce((sum, cache) => sum + cache.pageBytes, 0),
  }
}

/** Layers of the widest part, where as few parts are made as there can be. */
const widthOf = (layers: number, perGroup: number) => Math.ceil(layers / Math.ceil(layers / perGroup))

function partsOf(set: readonly PageCache[], perGroup: number): BlockGroup[] {
  const [{ blockTokens, spanTokens } = { blockTokens: 1, spanTokens: 1 }] = set
  const bytes = sumOf(set.map((cache) => ({ ...cache, count: widthOf(cache.count, perGroup) })))
  return Array.from({ length: Math.ceil(mostOf(set) / perGroup) }, () => ({ blockTokens, spanTokens, bytes }))
}

const sumOf = (caches: readonly PageCache[]) =>
  caches.reduce((sum, { count, pageBytes }) => sum + count * pageBytes, 0)

const mostOf = (caches: readonly PageCache[]) => Math.max(0, ...caches.map(({ count }) => count))

/** The number of layers in a group that leaves the fewest places empty; the larger one where two are alike. */
function nearestDivisor(counts: readonly number[], least: number): number {
  const empty = (size: number) => counts.reduce((sum, count) => sum + ((size - (count % size)) % size), 0)
  const most = Math.max(...counts)
  const sizes = Array.from({ length: Math.max(1, most - least + 1) }, (_, index) => least + index)
  return sizes.reduce((best, size) => (empty(size) <= empty(best) ? size : best))
}

function cachesOf(facts: ModelFacts, rules: CompressedPoolRules) {
  const runs = facts.layers.flatMap(({ count, layer }) =>
    layer.kind === 'compressed' ? [{ count, layer }] : [],
  )
  const layersOf = (ratio?: number) =>
    Math.ceil(
      runs.reduce((sum, { count, layer }) => sum + (ratio && layer.ratio !== ratio ? 0 : count), 0) /
        rules.pp,
    )
  const ratios = [...new Set(runs.map(({ layer }) => layer.ratio))].filter((ratio) => ratio > 1)
  const first = runs[0]?.layer
  const parts = ratios.flatMap((ratio) => {
    const layer = runs.find((run) => run.layer.ratio === ratio)?.layer
    return layer ? [{ count: layersOf(ratio), layer }] : []
  })
  const vector = first ? vectorBytes(first, rules.format) : 0
  const windows: PageCache = {
    count: layersOf() + rules.draftLayers,
    pageBytes: page(windowBlock * vector, rules),
    blockTokens: windowBlock,
    spanTokens: first?.windowTokens ?? 1,
  }
  return {
    kept: parts.flatMap((part) => keptOf(part, vector, rules)),
    windows,
    open: parts.map((part) => openOf(part, rules)),
  }
}

/** Tokens of a block of the windows. */
const windowBlock = 64

interface RatioLayers {
  count: number
  layer: CompressedLayer
}

/** Closed vectors, and the index beside them. */
function keptOf({ count, layer }: RatioLayers, vector: number, rules: CompressedPoolRules): PageCache[] {
  const states = Math.floor(rules.blockTokens / layer.ratio)
  const cache = { count, blockTokens: rules.blockTokens, spanTokens: null }
  const vectors: PageCache = { ...cache, pageBytes: page(states * vector, rules) }
  if (layer.indexDim === 0) return [vectors]
  return [
    vectors,
    { ...cache, pageBytes: page(states * indexEntryBytes(layer.indexDim, rules.format), rules) },
  ]
}

/** What a compressor has not closed yet: a key and a weight in 32 bits, twice where groups of four overlap. */
function openOf({ count, layer }: RatioLayers, rules: CompressedPoolRules): PageCache[] {
  const times = layer.ratio === 4 ? 2 : 1
  const blockTokens = layer.ratio === 4 ? 4 : 8
  const cache = { count, blockTokens, spanTokens: times * layer.ratio }
  const state = (dim: number) => ({ ...cache, pageBytes: page(blockTokens * times * 2 * dim * 4, rules) })
  return layer.indexDim === 0 ? [state(layer.headDim)] : [state(layer.headDim), state(layer.indexDim)]
}

function page(bytes: number, { format }: CompressedPoolRules): number {
  const alignment = isPacked(format) ? packedAlignment : plainAlignment
  return Math.ceil(bytes / alignment) * alignment
}
