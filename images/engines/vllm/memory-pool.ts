import type { LayerCache } from '../../memory/cache.ts'
import type { Pool } from '../../memory/pool.ts'
import type { TokenMeaning } from '../../memory/result.ts'

export interface VllmPoolRules {
  baseBlockTokens: number
  /** Attention blocks of models with recurrent layers are multiples of this. */
  hybridBlockTokens: number
  /** Tokens of one block of states: the whole context, but where prefixes are kept. */
  stateBlockTokens: number
  /** Ranks that share the tokens of one cache (decode context parallel). */
  cacheRanks: number
  /** Tokens of all batches that are under way at once. */
  inFlightTokens: number
  /** Kinds whose counts differ by less than this factor share one group size. */
  groupSlack: number
  meaning: TokenMeaning
  /** State blocks one sequence holds: 1, or 2 with prefix caching, and one for each speculative token. */
  stateBlocks: number
}

interface CacheGroup {
  cache: LayerCache
  blockTokens: number
  pageBytes: number
  groups: number
}

/**
 * vLLM's hybrid allocator (`v1/core/kv_cache_utils.py`): pages of one size, layers of one kind split into groups of one
 * size, every group with block tables of its own in one pool. A model with one kind of layer is the case of one group.
 */
export function vllmPool(caches: readonly LayerCache[], rules: VllmPoolRules): Pool {
  const uniform = isUniform(caches)
  const pages = uniform ? plainPages(caches, rules) : equalPages(caches, rules)
  const groupSize = uniform ? 1 : groupSizeOf(caches, rules)
  const groups = pages.map((page) => ({
    ...page,
    groups: uniform ? 1 : Math.ceil(page.cache.count / groupSize),
  }))
  const blockBytes = uniform
    ? groups.reduce((sum, group) => sum + group.cache.count * group.pageBytes, 0)
    : groupSize * (groups[0]?.pageBytes ?? 0)
  return poolOf(groups, uniform, blockBytes, rules)
}

function poolOf(
  groups: readonly CacheGroup[],
  uniform: boolean,
  blockBytes: number,
  rules: VllmPoolRules,
): Pool {
  const tables = uniform ? groups.slice(0, 1) : groups
  const groupCount = tables.reduce((sum, group) => sum + group.groups, 0)
  const blockTokens = Math.min(...tables.map((group) => group.blockTokens))
  const shortest = Math.min(...tables.map((group) => tokensOfBlock(group, rules)))
  const blocksIn = (poolBytes: number) => Math.max(0, Math.floor(poolBytes / blockBytes))
  const requestBlocks = (tokens: number) =>
    tables.reduce((sum, group) => sum + group.groups * blocksOfSequence(group, tokens, rules), 0)
  return {
    formula: uniform
      ? 'blocks = floor(pool / bytes of one block over all layers)'
      : 'blocks = floor(pool / (layers of a group x page)); a sequence takes the sum over groups',
    meaning: rules.meaning,
    blockTokens,
    blockBytes,
    blocksIn,
    requestBlocks,
    requestBytes: (tokens) => requestBlocks(tokens) * blockBytes,
    tokensIn: (poolBytes, length) => {
      const blocks = blocksIn(poolBytes)
      if (rules.meaning === 'concurrency times context length')
        return Math.floor((blocks * length) / requestBlocks(length))
      return Math.floor(blocks / groupCount) * shortest
    },
    concurrencyIn: (poolBytes, length) => blocksIn(poolBytes) / requestBlocks(length),
  }
}

/** Tokens by which a table grows with one block, as the engine's own count of tokens takes it. */
function tokensOfBlock({ cache, blockTokens }: CacheGroup, rules: VllmPoolRules): number {
  if (cache.kind === 'state') return Math.max(rules.stateBlockTokens, 1)
  return blockTokens * (cache.spanTokens === null ? rules.cacheRanks : 1)
}

function blocksOfSequence({ cache, blockTokens }: CacheGroup, tokens: number, rules: VllmPoolRules): number {
  const span = cache.spanTokens
  switch (cache.kind) {
    case 'state':
      return rules.stateBlocks
    case 'window':
      return Math.ceil(Math.min((span ?? 0) - 1 + rules.inFlightTokens, tokens) / blockTokens) + 1
    case 'chunked':
      return Math.ceil(Math.min((span ?? 0) + rules.inFlightTokens, tokens) / blockTokens)
    case 'cross':
      return Math.ceil((span ?? 0) / blockTokens)
    default:
      return Math.ceil(tokens / (blockTokens * rules.cacheRanks))
  }
}

/** All layers need the same number of slots for a sequence, so one block table serves them, whatever their sizes. */
function isUniform(caches: readonly LayerCache[]): boolean {
  const [first] = caches
  const family = (cache: LayerCache) => (cache.kind === 'mla' ? 'full' : cache.kind)
  if (!first || first.kind === 'state') return caches.length <= 1
  return caches.every((cache) => family(cache) === family(first) && cache.spanTokens === first.spanTokens)
}

/** Nothing for what has no end. */
function finite(tokens: number): number {
  return Number.isFinite(tokens) ? tokens : 0
}

function plainPages(caches: readonly LayerCache[], rules: VllmPoolRules): Omit<CacheGroup, 'groups'>[] {
  return caches.map((cache) => ({
    cache,
    blockTokens:
      cache.kind === 'state'
        ? Math.max(rules.baseBlockTokens, finite(rules.stateBlockTokens))
        : rules.baseBlockTokens,
    pageBytes: cache.kind === 'state' ? cache.stateBytes : cache.tokenBytes * rules.baseBlockTokens,
  }))
}

/**
 * One page size for all kinds. Attention blocks grow until a page holds a recurrent state:
 * block = step x ceil(state / (step x bytes per token)), with steps of 16 and more; smaller pages grow by a whole factor. Where no whole factor
 * exists the rest of the page is padding.
 */
function equalPages(caches: readonly LayerCache[], rules: VllmPoolRules): Omit<CacheGroup, 'groups'>[] {
  const base = rules.baseBlockTokens
  const step = Math.max(base, rules.hybridBlockTokens)
  const state = Math.max(...caches.map((cache) => cache.stateBytes))
  const widest = Math.max(...caches.map((cache) => cache.tokenBytes))
  // The block is set before a drafter is looked at (`HybridAttentionMambaModelConfig`).
  const own = Math.max(...caches.map((cache) => (cache.drafts ? 0 : cache.tokenBytes)))
  const blockTokens = state > 0 && own > 0 ? Math.max(base, step * Math.ceil(state / (step * own))) : base
  const pageBytes = Math.max(state, widest * blockTokens)
  return caches.map((cache) => {
    if (cache.kind === 'state') return { cache, blockTokens, pageBytes }
    const factor = Math.max(1, Math.floor(pageBytes / (cache.tokenBytes * blockTokens)))
    return { cache, blockTokens: blockTokens * factor, pageBytes }
  })
}

/** The smallest number of layers of a kind, or the largest when it is not much larger. */
function groupSizeOf(caches: readonly LayerCache[], { groupSlack }: VllmPoolRules): number {
  const counts = caches.map((cache) => cache.count)
  const fewest = Math.min(...counts)
  const most = Math.max(...counts)
  return most < fewest * groupSlack ? most : fewest
}
