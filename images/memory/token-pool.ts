import type { LayerCache } from './cache.ts'
import { fixedBytesOf } from './cache.ts'
import type { Pool } from './pool.ts'

export interface TokenPoolRules {
  blockTokens: number
  /** Tokens of a windowed layer kept for each token of a full one; SGLang splits its pool by 0.8. */
  windowRatio: number
  /** Part of the pool that recurrent states take, 0 for models without. */
  stateShare: number
}

/** One pool of equal blocks that hold one token range over all layers: SGLang, TGI and TensorRT-LLM. */
export function tokenPool(caches: readonly LayerCache[], rules: TokenPoolRules): Pool {
  const perToken = caches.reduce((sum, cache) => sum + cache.count * tokenBytesOf(cache, rules), 0)
  const fixed = fixedBytesOf(caches)
  const blockBytes = rules.blockTokens * perToken
  const blocksIn = (poolBytes: number) =>
    blockBytes > 0 ? Math.max(0, Math.floor((poolBytes * (1 - rules.stateShare)) / blockBytes)) : 0
  const requestBlocks = (tokens: number) => Math.ceil(tokens / rules.blockTokens)
  return {
    formula: `blocks = floor(pool / (${rules.blockTokens} tokens x bytes per token))`,
    meaning: 'pool over bytes per token',
    blockTokens: rules.blockTokens,
    blockBytes,
    blocksIn,
    requestBlocks,
    requestBytes: (tokens) =>
      Math.max((requestBlocks(tokens) * blockBytes) / (1 - rules.stateShare), statePart(fixed, rules)),
    tokensIn: (poolBytes) => blocksIn(poolBytes) * rules.blockTokens,
    concurrencyIn: (poolBytes, length) => {
      const share = rules.stateShare > 0 ? rules.stateShare : 1
      const byStates = fixed > 0 ? Math.floor((poolBytes * share) / fixed) : Number.POSITIVE_INFINITY
      const byTokens = blockBytes > 0 ? blocksIn(poolBytes) / requestBlocks(length) : byStates
      return Math.min(byTokens, rules.stateShare > 0 ? byStates : byTokens)
    },
  }
}

function tokenBytesOf(cache: LayerCache, { windowRatio }: TokenPoolRules): number {
  if (cache.kind === 'cross') return 0
  return cache.tokenBytes * (cache.spanTokens === null ? 1 : windowRatio)
}

function statePart(fixed: number, { stateShare }: TokenPoolRules): number {
  return stateShare > 0 ? fixed / stateShare : fixed
}
