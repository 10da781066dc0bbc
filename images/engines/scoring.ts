import type { Json } from '../../lib/json.ts'
import { valuesAt } from '../boot/answer-text.ts'
import type { ProbeRequest } from '../boot/probe.ts'

/** How a server tells what its model makes of each token of a prompt, and which tokens a text has. */
export interface PromptScoring {
  /** The tokens of a text, with those that open a prompt or without. */
  tokenize(model: string, text: string, opens: boolean): ProbeRequest
  /** Null for what is no such answer. */
  tokensIn(answer: Json): number[] | null
  score(model: string, tokens: readonly number[]): ProbeRequest
  /** The logarithm of each token's probability behind those before it; null for the first one. */
  scoresIn(answer: Json): (number | null)[] | null
  /** For reports: `/v1/completions`. */
  by: string
}

/** `POST /tokenize` as vLLM and SGLang have it: `{"tokens": [1, 2]}`. */
export const tokenizing: Pick<PromptScoring, 'tokenize' | 'tokensIn'> = {
  tokenize: (model, prompt, opens) => ({
    method: 'POST',
    path: '/tokenize',
    body: { model, prompt, add_special_tokens: opens },
  }),
  tokensIn: (answer) => numbersOf(valuesAt(answer, 'tokens.*')),
}

function numbersOf(values: readonly Json[]): number[] | null {
  const numbers = values.filter((value) => typeof value === 'number')
  return numbers.length === values.length && numbers.length > 0 ? numbers : null
}

/** Scores as a list of numbers, of which the first may be null. */
export function scoresOf(values: readonly Json[]): (number | null)[] | null {
  const scores = values.filter((value) => value === null || typeof value === 'number')
  return scores.length === values.length && scores.length > 0 ? scores : null
}
