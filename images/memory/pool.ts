import type { LayerCache } from './cache.ts'
import type { TokenMeaning } from './result.ts'

/**
 * How an engine hands out its cache pool. `requestBytes` never falls as the length grows; every count is of one GPU.
 */
export interface Pool {
  formula: string
  meaning: TokenMeaning
  blockTokens: number
  /** Bytes that one block takes over all layers of the rank. */
  blockBytes: number
  blocksIn(poolBytes: number): number
  /** Blocks of one sequence. */
  requestBlocks(tokens: number): number
  requestBytes(tokens: number): number
  /** What no sequence may take; absent where nothing is held back. */
  heldBackBytes?: number
  /** The part of `requestBytes` that one kind of layer takes, for engines that reserve it. */
  requestBytesOf?(cache: LayerCache, tokens: number): number
  tokensIn(poolBytes: number, maxModelLen: number): number
  concurrencyIn(poolBytes: number, maxModelLen: number): number
}

/** Of a model that keeps nothing: it holds any batch, and as many sequences as the engine runs at once. */
export function emptyPool(maxNumSeqs: number): Pool {
  return {
    formula: 'no layer keeps a cache',
    meaning: 'context of all sequences',
    blockTokens: 1,
    blockBytes: 0,
    blocksIn: () => 0,
    requestBlocks: () => 0,
    requestBytes: () => 0,
    tokensIn: () => 0,
    concurrencyIn: () => maxNumSeqs,
  }
}

/** Largest length whose sequence fits into the pool, at most `cap`; 0 when not even one token does. */
export function largestLengthIn(pool: Pool, poolBytes: number, cap: number): number {
  const usable = poolBytes - (pool.heldBackBytes ?? 0)
  if (pool.requestBytes(1) > usable) return 0
  let low = 1
  let high = cap
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (pool.requestBytes(middle) <= usable) low = middle
    else high = middle - 1
  }
  return low
}
