import type { Json } from '../../lib/json.ts'
import type { HttpProbe } from '../boot/probe.ts'

export function completionBody(model: string, prompt: string, maxTokens: number): { [key: string]: Json } {
  return { model, prompt, max_tokens: maxTokens, temperature: 0, seed: 0 }
}

const path = '/v1/completions'

/** Ready means that the named model went on with a text; no chat template is needed for that. */
export function continuedTextProbe(model: string, timeoutSeconds: number, answered = model): HttpProbe {
  return {
    id: 'ready',
    group: 'ready',
    title: 'the named model goes on with a text',
    required: true,
    request: { method: 'POST', path, body: completionBody(model, 'Hello', 1) },
    expect: {
      type: 'json',
      status: 200,
      checks: [
        { at: 'usage.completion_tokens', rule: 'positive' },
        { at: 'model', rule: 'equals', value: answered },
      ],
    },
    timeoutSeconds,
  }
}

export function completionStreamProbe(model: string, answered = model): HttpProbe {
  return {
    id: 'completions-stream',
    group: 'serve',
    title: 'a streamed completion arrives in pieces and ends with [DONE]',
    required: true,
    request: {
      method: 'POST',
      path,
      body: { ...completionBody(model, 'One, two, three,', 24), stream: true },
    },
    expect: {
      type: 'event-stream',
      status: 200,
      endMarker: '[DONE]',
      textAt: ['choices.0.text'],
      events: [{ at: 'model', rule: 'equals', value: answered }],
    },
    timeoutSeconds: 120,
  }
}
