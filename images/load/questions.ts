import type { RecipeLoad } from '../../recipes/load.ts'
import { randomNumbers } from './random.ts'
import type { RealPrompt } from './real-prompts.ts'

/** Common words, most of which are one token to most tokenizers. */
const words =
  'time year people way day man thing woman life child world school state family student group country problem hand part place case week company system program question work government number night point home water room mother area money story fact month lot right study book eye job word business issue side kind head house service friend father power hour game line end member law car city community name president team minute idea body information back parent face level office door health person art war history party result change morning reason research girl guy moment air teacher force education'.split(
    ' ',
  )

/** Which tokens a text has, as the server counted them: those of every word, and those around the text. */
export interface TokenRate {
  perWord: number
  around: number
  /** `assumed` where the server counts no tokens. */
  from: 'usage' | 'assumed'
}

/** What many tokenizers of English have; only the lengths that are reported count. */
export const assumedRate: TokenRate = { perWord: 1.3, around: 16, from: 'assumed' }

/** The rate that two texts of known numbers of words show. */
export function tokenRateOf(
  short: { words: number; tokens: number | null },
  long: { words: number; tokens: number | null },
): TokenRate {
  if (short.tokens === null || long.tokens === null || long.tokens <= short.tokens) return assumedRate
  const perWord = (long.tokens - short.tokens) / (long.words - short.words)
  return { perWord, around: Math.max(0, short.tokens - short.words * perWord), from: 'usage' }
}

/** One question of a load. */
export interface LoadQuestion {
  prompt: string
  outputTokens: number
}

/** A text of so many words that no other seed gives. It differs from its first word on, so that no cache of prompts helps. */
export function loadPrompt(count: number, seed: number): string {
  const next = randomNumbers(seed)
  const word = () => words[Math.floor(next() * words.length)] ?? 'time'
  return Array.from({ length: Math.max(1, count) }, word).join(' ')
}

/**
 * The questions of one step, with the shapes in turn. Two steps have no question in common, but where prompts of a file are fewer than
 * all requests.
 */
export function questionsOf(
  { shapes, requests }: Pick<RecipeLoad, 'shapes' | 'requests'>,
  rate: TokenRate,
  step: number,
  real: readonly RealPrompt[] = [],
): LoadQuestion[] {
  return Array.from({ length: requests }, (_, index) => {
    const shape = shapes[index % shapes.length] ?? { inputTokens: 64, outputTokens: 64 }
    const count = Math.round((shape.inputTokens - rate.around) / rate.perWord)
    const { outputTokens } = shape
    const given = real[(step * requests + index) % Math.max(1, real.length)]
    if (given !== undefined) return { prompt: given.prompt, outputTokens: given.outputTokens ?? outputTokens }
    return { prompt: loadPrompt(count, (step + 1) * 1_000_003 + index), outputTokens }
  })
}
