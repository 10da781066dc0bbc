import type { LayerCache } from '../../memory/cache.ts'
import { type CompressedLayer, packedVectorBytes } from '../../memory/compressed.ts'
import { usesDraftHead } from '../../memory/drafter.ts'
import type { Pool } from '../../memory/pool.ts'
import type { MemoryRequest } from '../../memory/request.ts'
import { tokenPool } from '../../memory/token-pool.ts'
import { atLeast } from '../../memory/versions.ts'

/** Windows of DeepSeek-V4 keep a tenth of the tokens (`--swa-full-tokens-ratio`). */
const windowRatio = 0.1

/** Tokens of a page, which holds the open groups of its compressors in a ring beside it. */
const pageTokens = 256

/** Rows of that ring: for groups of 4 with drafted tokens, for groups of 128 with and without them. */
const ring = { four: 16, drafted: 256, plain: 128 }

/** Builds since then keep the open groups of 128 for each request, and not for each page. */
const perRequestSince = '0.5.15'

export function compressedLayersOf({ facts }: MemoryRequest): { count: number; layer: CompressedLayer }[] {
  return facts.layers.flatMap(({ count, layer }) => (layer.kind === 'compressed' ? [{ count, layer }] : []))
}

/**
 * DeepSeek-V4 in SGLang: closed vectors for every token, windows and open groups for a tenth of them, and since 0.5.15 what
 * each request keeps (`model_executor/pool_configurator.py`). 7,705.45 bytes a token for Flash, as it logs.
 */
export function compressedPool(
  request: MemoryRequest,
  version: string,
  caches: readonly LayerCache[],
): { pool: Pool; caches: LayerCache[] } {
  const all = [...withDraft(request, caches), ...openCaches(request, version)]
  const pool = tokenPool(all, {
    blockTokens: request.blockSize ?? pageTokens,
    windowRatio: request.windowRatio ?? windowRatio,
    stateShare: 0,
  })
  return { pool: without(requestBytes(request, version), pool), caches: all }
}

/** Layers of the draft head keep a window. */
function withDraft(request: MemoryRequest, caches: readonly LayerCache[]): LayerCache[] {
  const first = compressedLayersOf(request)[0]?.layer
  const count = usesDraftHead(request) ? request.facts.draftLayers : 0
  if (!first || count === 0) return [...caches]
  const tokenBytes = packedVectorBytes(first)
  return [...caches, { kind: 'window', count, tokenBytes, spanTokens: first.windowTokens, stateBytes: 0 }]
}

/** A key and a weight in 32 bits for each open token; groups of four overlap, so they keep two of both. */
function openCaches(request: MemoryRequest, version: string): LayerCache[] {
  const rows = request.speculativeTokens ? ring.drafted : ring.plain
  return compressedLayersOf(request).flatMap(({ count, layer }): LayerCache[] => {
    if (layer.ratio === 1 || (layer.ratio === 128 && atLeast(version, perRequestSince))) return []
    const [share, wide] = layer.ratio === 4 ? [ring.four / pageTokens, 4] : [rows / pageTokens, 2]
    const tokenBytes = share * wide * 4 * (layer.headDim + layer.indexDim)
    return [{ kind: 'window', count, tokenBytes, spanTokens: layer.windowTokens, stateBytes: 0 }]
  })
}

/** Open groups of 128 of each request that may run at once; not counted where nobody says how many these are. */
function requestBytes({ maxNumSeqs, ...request }: MemoryRequest, version: string): number {
  if (maxNumSeqs === undefined || !atLeast(version, perRequestSince)) return 0
  const rows = request.speculativeTokens ? ring.drafted : ring.plain
  const wide = compressedLayersOf(request).filter(({ layer }) => layer.ratio === 128)
  const all = Math.ceil(((maxNumSeqs + 1) * rows + rows + 1) / 128) * 128
  return wide.reduce((sum, { count, layer }) => sum + count * all * 2 * layer.headDim * 4, 0)
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
