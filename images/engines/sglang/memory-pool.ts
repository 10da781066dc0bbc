import { fixedBytesOf, type LayerCache } from '../../memory/cache.ts'
import type { Pool } from '../../memory/pool.ts'

/** Recurrent states, which have slots of their own beside the tokens (`mem_cache/kv_cache_configurator.py`). */
export interface StateRules {
  /** Bytes of states for each byte of tokens (`--mamba-full-memory-ratio`). */
  ratio: number
  /** Slots that were asked for (`--max-mamba-cache-size`), or that follow from the requests; undefined for the ratio. */
  slots: number | undefined
  /** Slots that one running request takes: prefixes that are kept have states too. */
  slotsOfRequest: number
  /** Bytes of the copies that one request needs while drafted tokens are checked; 0 without drafts. */
  copyBytes: number
  maxRequests: number
}

export interface SglangPoolRules {
  blockTokens: number
  /** Tokens of a windowed layer kept for each token of a full one. */
  windowRatio: number
  states: StateRules
}

interface States {
  slots: number
  bytes: number
}

/** One pool: states first, and the rest in tokens over all layers, those of the drafter among them. */
export function sglangPool(caches: readonly LayerCache[], rules: SglangPoolRules): Pool {
  const { blockTokens, states } = rules
  const cell = caches.reduce((sum, cache) => sum + cache.count * tokenBytesOf(cache, rules), 0)
  const state = fixedBytesOf(caches)
  const statesIn = (poolBytes: number) => statesOf(poolBytes, state, states)
  const blocksIn = (poolBytes: number) =>
    cell > 0 ? Math.max(0, Math.floor((poolBytes - statesIn(poolBytes).bytes) / cell / blockTokens)) : 0
  const requestBlocks = (tokens: number) => Math.ceil(tokens / blockTokens)
  return {
    formula:
      state > 0
        ? 'tokens = (pool - states x (slots + 1) - their copies for drafted tokens) / bytes per token'
        : `blocks = floor(pool / (${blockTokens} tokens x bytes per token))`,
    meaning: 'pool over bytes per token',
    blockTokens,
    blockBytes: blockTokens * cell,
    blocksIn,
    requestBlocks,
    requestBytes: (tokens) => poolFor(requestBlocks(tokens) * blockTokens * cell, state, states),
    tokensIn: (poolBytes) => blocksIn(poolBytes) * blockTokens,
    concurrencyIn: (poolBytes, length) => {
      const { slots } = statesIn(poolBytes)
      const bySlots =
        state > 0 ? Math.max(0, Math.floor(slots / states.slotsOfRequest)) : Number.POSITIVE_INFINITY
      return Math.min(bySlots, cell > 0 ? blocksIn(poolBytes) / requestBlocks(length) : bySlots)
    },
  }
}

function tokenBytesOf(cache: LayerCache, { windowRatio }: SglangPoolRules): number {
  if (cache.kind === 'cross') return 0
  return cache.tokenBytes * (cache.spanTokens === null ? 1 : windowRatio)
}

/** One slot more than the pool has is padding, of states and of their copies alike. */
function statesOf(poolBytes: number, state: number, rules: StateRules): States {
  if (state === 0) return { slots: 0, bytes: 0 }
  const { slotsOfRequest, copyBytes, maxRequests } = rules
  const slots = Math.max(0, rules.slots ?? slotsInShare(poolBytes, state, rules))
  const requests = Math.min(maxRequests, Math.floor(slots / slotsOfRequest))
  return { slots, bytes: (slots + 1) * state + (requests + 1) * copyBytes }
}

/** States and copies take their share of the pool together. */
function slotsInShare(poolBytes: number, state: number, rules: StateRules): number {
  const { ratio, slotsOfRequest, copyBytes } = rules
  const share = (poolBytes * ratio) / (1 + ratio)
  return Math.floor((share - state - copyBytes) / (state + copyBytes / slotsOfRequest))
}

/** Pool that leaves these bytes for tokens, and room for one request's states. */
function poolFor(tokenBytes: number, state: number, rules: StateRules): number {
  if (state === 0) return tokenBytes
  if (rules.slots !== undefined) return tokenBytes + statesOf(0, state, rules).bytes
  const { ratio, slotsOfRequest, copyBytes } = rules
  const least = state * (slotsOfRequest + 1) + 2 * copyBytes
  return Math.max(tokenBytes * (1 + ratio), (least * (1 + ratio)) / ratio)
}
