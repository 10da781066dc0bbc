import type { QualityLimit } from '../../recipes/quality.ts'
import type { FileSpeed, PrintedDivergence } from '../engines/perplexity.ts'
import type { LimitResult } from './limit-result.ts'

/** Weights as they were measured beside others. */
export interface MeasuredWeights {
  /** Such as `this image`, or where they come from. */
  name: string
  /** The file that was read, and what all of the model has. */
  file: string
  sizeBytes: number
  perplexity: PrintedDivergence['perplexity']
  /** On one machine, one after the other; null where the program told none. */
  speed: FileSpeed | null
}

/** How far the weights of an image are from others, by the engine's own program. */
export interface WeightsDivergence extends Omit<PrintedDivergence, 'perplexity' | 'referencePerplexity'> {
  file: string
  textSha256: string
  contextTokens: number
  chunks: number
  program: string
  reference: MeasuredWeights
  image: MeasuredWeights
}

/** A limit of the divergence, in nats a token, or of the share of tokens that are the same. */
export function divergenceResult(
  { text, metric, value }: QualityLimit,
  divergence: WeightsDivergence | undefined,
): LimitResult {
  if (divergence === undefined)
    return { limit: text, at: 'no reference', status: 'missing', observed: 'nothing was measured' }
  const { mean, sameTop, reference } = divergence
  const at = `beside ${reference.name}`
  if (metric === 'divergence')
    return {
      limit: text,
      at,
      status: Number(mean.value) <= value ? 'passed' : 'failed',
      observed: mean.value,
    }
  const isKept = Number(sameTop.value) / 100 >= value
  return { limit: text, at, status: isKept ? 'passed' : 'failed', observed: `${sameTop.value} %` }
}
