import type { ChatTemplate, OriginalRenderer } from './original.ts'
import { afterAnswer } from './written-template.ts'

/** Special tokens that end a turn in some family of models, and that never begin one or stand inside an answer. */
const turnEnds = new Set([
  '</s>',
  '<|im_end|>',
  '<|eot_id|>',
  '<|eom_id|>',
  '<|eot|>',
  '<|end|>',
  '<|endoftext|>',
  '<|end_of_text|>',
  '<|END_OF_TURN_TOKEN|>',
  '<|user_end|>',
  '<|assistant_end|>',
  '<|role_end|>',
  '<end_of_turn>',
  '<turn|>',
  '<eos>',
  '[EOS]',
  '<｜end▁of▁sentence｜>',
])

/**
 * The text that ends an answer: the special token that follows it at once, where that is the model's last token or known to
 * end turns. Marks of roles, tools and thoughts are none, so an answer that begins with one is not cut to nothing.
 */
export function endOfTurn(original: OriginalRenderer, { eosToken }: ChatTemplate): string[] {
  const after = afterAnswer(original)?.trimStart() ?? ''
  const ends = [...turnEnds, ...(eosToken ? [eosToken] : [])].filter((token) => after.startsWith(token))
  return ends.sort((a, b) => b.length - a.length).slice(0, 1)
}
