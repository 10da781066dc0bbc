import { valuesAt } from '../../boot/answer-text.ts'
import { type PromptScoring, scoresOf, tokenizing } from '../scoring.ts'

/** Its native page has lists of log-probability, token and text: srt/managers/tokenizer_manager.py of 0.5.23. */
export const scoring: PromptScoring = {
  ...tokenizing,
  by: '/generate',
  score: (_, tokens) => ({
    method: 'POST',
    path: '/generate',
    body: {
      input_ids: [...tokens],
      sampling_params: { max_new_tokens: 0, temperature: 0 },
      return_logprob: true,
      logprob_start_len: 0,
    },
  }),
  scoresIn: (answer) => scoresOf(valuesAt(answer, 'meta_info.input_token_logprobs.*.0')),
}
