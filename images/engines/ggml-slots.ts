import { bytesPerTokenOf, type LayerCache } from '../memory/cache.ts'
import type { Pool } from '../memory/pool.ts'

/** Places of sequences, which are reserved at the start. */
export interface SequenceSlots {
  /** Sequences at once. */
  count: number
  unified: boolean
  /** Caches that give every sequence a stream of its own whatever is asked; with one cache asked for, each as long as that. */
  ownStreams: boolean
  ubatch: number
  padding: number
  /** True when the context length is that of one sequence, false when all share it. */
  perSequence: boolean
  /** Earlier states kept of each sequence, to go back to when drafted tokens are refused. */
  stateCopies: number
}

function pad(value: number, to: number): number {
  return Math.ceil(value / to) * to
}

export function totalTokens(slots: SequenceSlots, length: number): number {
  return slots.perSequence && !slots.unified ? length * slots.count : length
}

function streamsOf({ unified, ownStreams, count }: SequenceSlots): number {
  return unified && !ownStreams ? 1 : count
}

/** Cells of one stream: all of the context, or a window for each of its sequences and one batch. */
export function cellsOf(slots: SequenceSlots, length: number, windowTokens: number | null): number {
  const full = pad(Math.ceil(totalTokens(slots, length) / (slots.unified ? 1 : slots.count)), slots.padding)
  if (windowTokens === null) return full
  const sequences = slots.count / streamsOf(slots)
  return Math.min(full, pad(windowTokens * sequences + slots.ubatch, slots.padding))
}

/** Vectors of DeepSeek-V4 that stand for several tokens lie in a cache that is padded by itself. */
function closedBytes(
  { tokenBytes, tokensPerVector = 1 }: LayerCache,
  slots: SequenceSlots,
  length: number,
): number {
  const vectors = Math.ceil(cellsOf(slots, length, null) / tokensPerVector)
  return tokenBytes * tokensPerVector * pad(vectors, slots.padding) * streamsOf(slots)
}

/** Cells of each kind for the whole context (checked on V27 to V31 of test/images/memory/vectors). */
export function slotPool(caches: readonly LayerCache[], slots: SequenceSlots): Pool {
  const bytesOf = (cache: LayerCache, length: number) => {
    if (cache.kind === 'state') return cache.count * cache.stateBytes * slots.count * (1 + slots.stateCopies)
    if (cache.kind === 'compressed') return cache.count * closedBytes(cache, slots, length)
    if (cache.kind === 'cross') return cache.count * cache.tokenBytes * (cache.spanTokens ?? 0) * slots.count
    return cache.count * cache.tokenBytes * cellsOf(slots, length, cache.spanTokens) * streamsOf(slots)
  }
  const requestBytes = (length: number) => caches.reduce((sum, cache) => sum + bytesOf(cache, length), 0)
  const perToken = bytesPerTokenOf(caches)
  return {
    formula: 'cells x bytes per cell, for each kind of layer; states x sequences x (1 + drafted tokens)',
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
