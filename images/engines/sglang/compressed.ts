import type { LayerCache } from '../../memory/cache.ts'
import type { CompressedLayer } from '../../memory/compressed.ts'
import { usesDraftHead } from '../../memory/drafter.ts'
import type { Pool } from '../../memory/pool.ts'
import type { MemoryRequest } from '../../memory/request.ts'
import { tokenPool } from '../../memory/token-pool.ts'
import { atLeast } from '../../memory/versions.ts'

/** Windows of DeepSeek-V4 keep a tenth of the tokens (`--swa-full-tokens-ratio`). */
const windowRatio = 0.1

/** Tokens of a page of the cache. */
const pageTokens = 256

/** Rows of the ring in which groups of 4 and of 128 stay open (`get_compress_state_ring_size`). */
const ring = { plain: { four: 8, wide: 128 }, drafted: { four: 16, wide: 256 } }

/** What SGLang runs at once of this family where nobody says it (`arg_groups`). */
const defaultRequests = 256

/** Builds since then keep the open groups of 128 for each request and not for each window, and count no layer of the draft head. */
const perRequestSince = '0.5.15'

export function compressedLayersOf({ facts }: MemoryRequest): { count: number; layer: CompressedLayer }[] {
  return facts.layers.flatMap(({ count, layer }) => (layer.kind === 'compressed' ? [{ count, layer }] : []))
}

/**
 * DeepSeek-V4 in SGLang: closed vectors for every token, windows and open groups for a tenth of them, and since 0.5.15 what
 * each request keeps (`model_executor/pool_configurator.py`). 7,705.45 bytes a token for Flash, as it logs; 15,955.85 before.
 */
export function compressedPool(
  request: MemoryRequest,
  version: string,
  caches: readonly LayerCache[],
): { pool: Pool; caches: LayerCache[] } {
  const all = withDraft(request, [...listedCaches(request, version, caches), ...openCaches(request, version)])
  const pool = tokenPool(all, {
    blockTokens: request.blockSize ?? pageTokens,
    windowRatio: request.windowRatio ?? windowRatio,
    stateShare: 0,
  })
  return { pool: without(requestBytes(request, version), pool), caches: all }
}

/** One layer more for the draft head takes its part of every cache, whatever it keeps. */
function withDraft(request: MemoryRequest, caches: readonly LayerCache[]): LayerCache[] {
  const layers = windowCount(caches)
  const growth = usesDraftHead(request) && layers > 0 ? (layers + 1) / layers : 1
  return caches.map((cache) => ({ ...cache, tokenBytes: cache.tokenBytes * growth }))
}

/** Older builds count a window for each ratio of the list, and the last ones are of the draft head. */
function listedCaches(
  { facts }: MemoryRequest,
  version: string,
  caches: readonly LayerCache[],
): readonly LayerCache[] {
  const first = caches.find(({ kind }) => kind === 'window')
  if (!first || facts.draftLayers === 0 || atLeast(version, perRequestSince)) return caches
  return [...caches, { ...first, count: facts.draftLayers }]
}

function windowCount(caches: readonly LayerCache[]): number {
  return caches.reduce((sum, { kind, count }) => sum + (kind === 'window' ? count : 0), 0)
}

function ringOf({ speculativeTokens = 0 }: MemoryRequest) {
  return speculativeTokens > 0 ? ring.drafted : ring.plain
}

/** A key and a weight in 32 bits for each open token; groups of four overlap, so they keep two of both. A ring stands for a window. */
function openCaches(request: MemoryRequest, version: string): LayerCache[] {
  const { four, wide } = ringOf(request)
  return compressedLayersOf(request).flatMap(({ count, layer }): LayerCache[] => {
    if (layer.ratio === 1 || (layer.ratio === 128 && atLeast(version, perRequestSince))) return []
    const [rows, vectors] = layer.ratio === 4 ? [four, 4] : [wide, 2]
    const tokenBytes = (rows / layer.windowTokens) * vectors * 4 * (layer.headDim + layer.indexDim)
    return [{ kind: 'compressed', count, tokenBytes, spanTokens: layer.windowTokens, stateBytes: 0 }]
  })
}

/** Open groups of 128 of each request that may run at once. */
function requestBytes(request: MemoryRequest, version: string): number {
  if (!atLeast(version, perRequestSince)) return 0
  const rows = ringOf(request).wide
  const slots = (request.maxNumSeqs ?? defaultRequests) + 1
  const all = Math.ceil((slots * rows + rows + 1) / 128) * 128
  return compressedLayersOf(request)
    .filter(({ layer }) => layer.ratio === 128)
    .reduce((sum, { count, layer }) => sum + count * all * 2 * layer.headDim * 4, 0)
}

function without(fixed: number, pool: Pool): Pool {
  const left = (bytes: number) => Math.max(0, bytes - fixed)
  return {
    ...pool,
    blocksIn: (bytes) => pool.blocksIn(left(bytes)),
    requestBytes: (tokens) => pool.requestBytes(tokens) + fixed,
    tokensIn: (bytes, length) => pool.tokensIn(left(bytes), length),
    concurrencyIn: (bytes, length) => pool.concurrencyIn(left(bytes), length),
  }
}
