import type { Json } from '../../lib/json.ts'
import type { HttpProbe } from '../boot/probe.ts'
import { readyProbe, streamProbe } from './openai-probes.ts'

export function completionBody(model: string, prompt: string, maxTokens: number): { [key: string]: Json } {
  return { model, prompt, max_tokens: maxTokens, temperature: 0, seed: 0 }
}

const path = '/v1/completions'

/** Ready means that the named model went on with a text; no chat template is needed for that. */
export function continuedTextProbe(model: string, timeoutSeconds: number, answered = model): HttpProbe {
  const request = { method: 'POST', path, body: completionBody(model, 'Hello', 1) } as const
  return readyProbe({ title: 'the named model goes on with a text', request }, timeoutSeconds, answered)
}

export function completionStreamProbe(model: string, answered = model): HttpProbe {
  const body = { ...completionBody(model, 'One, two, three,', 24), stream: true }
  const question = {
    id: 'completions-stream',
    title: 'a streamed completion arrives in pieces and ends with [DONE]',
    request: { method: 'POST', path, body },
  } as const
  return streamProbe(question, ['choices.0.text'], answered)
}
