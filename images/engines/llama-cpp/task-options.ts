import type { Deployment } from '../engine.ts'

/** The longest text that is made one vector at once where nobody says how long texts are: the buffer grows with it. */
const mostBatchTokens = 8192

/**
 * Flags of one model that makes vectors or scores. A text that is pooled must fit into one batch, and its logical size is another flag
 * (measured with 0.7.0: 500 otherwise).
 */
export function taskOptions(
  { tasks, gguf, facts }: Pick<Deployment, 'tasks' | 'gguf' | 'facts'>,
  { recipe }: Pick<Deployment, 'recipe'>,
): string[] {
  const isReranker = tasks.includes('rerank')
  if (!isReranker && !tasks.includes('embedding')) return []
  const { contextLength, maxPrefillTokens, extraArguments } = recipe.serving
  // A longer context than the model declares is not taken.
  const batch = Math.min(contextLength ?? mostBatchTokens, facts?.maxPositions ?? Number.POSITIVE_INFINITY)
  const pools = gguf?.pooling !== undefined && gguf.pooling !== 'none'
  return [
    isReranker ? '--reranking' : '--embeddings',
    ...(isReranker || pools || extraArguments.includes('--pooling') ? [] : ['--pooling', 'mean']),
    ...(maxPrefillTokens === undefined
      ? ['--batch-size', String(batch), '--ubatch-size', String(batch)]
      : ['--batch-size', String(maxPrefillTokens)]),
  ]
}
