import type { PrintedPerplexity } from '../engines/perplexity.ts'

/** Tokens of one piece of a text, in the order in which the model reads them. */
export type TextPiece = readonly number[]

/**
 * Pieces of `contextTokens` as llama-perplexity cuts them: what is left at the end is no piece, and where prompts open with a
 * token, it takes the place of each piece's first one.
 */
export function textPieces(
  tokens: readonly number[],
  {
    contextTokens,
    chunks,
    opening,
  }: { contextTokens: number; chunks: number | null; opening: number | null },
): TextPiece[] {
  const whole = Math.floor(tokens.length / contextTokens)
  return Array.from({ length: chunks === null ? whole : Math.min(chunks, whole) }, (_, index) => {
    const piece = tokens.slice(index * contextTokens, (index + 1) * contextTokens)
    return opening === null ? piece : [opening, ...piece.slice(1)]
  })
}

/** The token that prompts open with, from one text with such tokens and without; null where there is none. */
export function openingToken(opened: readonly number[], bare: readonly number[]): number | null {
  const [first] = opened
  const isOne = opened.length === bare.length + 1 && bare.every((token, index) => token === opened[index + 1])
  return isOne ? (first ?? null) : null
}

/**
 * The perplexity of pieces from the logarithms of their tokens' probabilities, by the definition of llama-perplexity: the second half
 * of each piece counts, `exp` of the mean of the negative logarithms, with its standard error. Null where a token has no score.
 */
export function perplexityOf(pieces: readonly (readonly (number | null)[])[]): PrintedPerplexity | null {
  const scores = pieces.flatMap((piece) => piece.slice(Math.floor(piece.length / 2) + 1))
  const known = scores.filter((score) => score !== null)
  if (known.length === 0 || known.length < scores.length) return null
  const mean = known.reduce((sum, score) => sum - score, 0) / known.length
  const variance = known.reduce((sum, score) => sum + score ** 2, 0) / known.length - mean ** 2
  const value = Math.exp(mean)
  const error = variance <= 0 || known.length < 2 ? 0 : Math.sqrt(variance / (known.length - 1))
  return { value: value.toFixed(4), uncertainty: (error * value).toFixed(5) }
}
