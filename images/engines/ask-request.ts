import type { Json } from '../../lib/json.ts'
import type { MainQuestion, ProbeRequest } from '../boot/probe.ts'
import { completionBody } from './completion-probes.ts'
import { embeddingBody } from './embedding-probes.ts'
import { chatBody } from './openai-probes.ts'
import { transcriptionRequest } from './transcription-probes.ts'

/** Texts in one question that is to keep a server at work, where a text makes no long answer. */
const manyTexts = 64

/** A question for a prompt; `maxTokens` bounds what generates, and gives work to what does not. */
export interface AskedQuestion {
  model: string
  prompt: string
  maxTokens: number
  /** Further members of a JSON body, such as `stream`. */
  beside?: { [key: string]: Json }
}

/** A question in the form that the server takes. */
export function askRequest(
  ask: Pick<MainQuestion, 'path' | 'bodyFor'>,
  { beside, ...asked }: AskedQuestion,
): ProbeRequest {
  const { path, bodyFor } = ask
  if (bodyFor === 'transcription') return { ...transcriptionRequest(asked.model), path }
  return { method: 'POST', path, body: { ...bodyOf(bodyFor, asked), ...beside } }
}

function bodyOf(
  bodyFor: Exclude<MainQuestion['bodyFor'], 'transcription'>,
  { model, prompt, maxTokens }: AskedQuestion,
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
