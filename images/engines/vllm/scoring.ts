import { valuesAt } from '../../boot/answer-text.ts'
import { type PromptScoring, scoresOf, tokenizing } from '../scoring.ts'

/** A prompt of tokens that is echoed and generates nothing: entrypoints/openai/completion of 0.33.0. */
export const scoring: PromptScoring = {
  ...tokenizing,
  by: '/v1/completions',
  score: (model, tokens) => ({
    method: 'POST',
    path: '/v1/completions',
    body: { model, prompt: [...tokens], max_tokens: 0, echo: true, logprobs: 1, temperature: 0 },
  }),
  scoresIn: (answer) => scoresOf(valuesAt(answer, 'choices.0.logprobs.token_logprobs.*')),
}
