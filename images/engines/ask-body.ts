import type { Json } from '../../lib/json.ts'
import type { MainQuestion } from '../boot/probe.ts'
import { completionBody } from './completion-probes.ts'
import { embeddingBody } from './embedding-probes.ts'
import { chatBody } from './openai-probes.ts'

/** Texts in one question that is to keep a server at work, where a text makes no long answer. */
const manyTexts = 64

/** A question in the form that the server takes; `maxTokens` bounds what generates, and gives work to what does not. */
export function askBody(
  { bodyFor }: MainQuestion,
  model: string,
  prompt: string,
  maxTokens: number,
): { [key: string]: Json } {
  const texts = Array.from({ length: manyTexts }, (_, index) => `${index}. ${`${prompt} `.repeat(8)}`)
  switch (bodyFor) {
    case 'openai-chat':
      return chatBody(model, prompt, maxTokens)
    case 'openai-completion':
      return completionBody(model, prompt, maxTokens)
    case 'openai-embedding':
      return embeddingBody(model, texts)
    case 'rerank':
      return { model, query: prompt, documents: texts }
  }
}
