import type { Json } from '../lib/json.ts'
import type { HttpProbe, JsonCheck, ProbeRequest } from './probe.ts'

/** The OpenAI-compatible probes; shapes are common to all engines, statuses of bad input are not. */
export function chatBody(model: string, prompt: string, maxTokens: number): { [key: string]: Json } {
  return {
    model,
    messages: [{ role: 'user', content: prompt }],
    max_tokens: maxTokens,
    temperature: 0,
    seed: 0,
  }
}

const chatChecks: readonly JsonCheck[] = [
  { at: 'object', rule: 'equals', value: 'chat.completion' },
  { at: 'choices.0.message.role', rule: 'equals', value: 'assistant' },
  { at: 'choices.0.finish_reason', rule: 'text' },
  { at: 'usage.completion_tokens', rule: 'positive' },
  { at: 'usage.prompt_tokens', rule: 'positive' },
]

/** Ready means that the named model generated a token; a health page says less. */
export function generatedTokenProbe(model: string, timeoutSeconds: number): HttpProbe {
  return {
    id: 'ready',
    group: 'ready',
    title: 'the named model generates a token',
    required: true,
    request: { method: 'POST', path: '/v1/chat/completions', body: chatBody(model, 'Hello', 1) },
    expect: {
      type: 'json',
      status: 200,
      checks: [
        { at: 'usage.completion_tokens', rule: 'positive' },
        { at: 'model', rule: 'equals', value: model },
      ],
    },
    timeoutSeconds,
  }
}

export function modelsProbe(model: string): HttpProbe {
  return {
    id: 'models',
    group: 'serve',
    title: 'the model list names the model',
    required: true,
    request: { method: 'GET', path: '/v1/models' },
    expect: {
      type: 'json',
      status: 200,
      checks: [
        { at: 'object', rule: 'equals', value: 'list' },
        { at: 'data.*.id', rule: 'has', value: model },
      ],
    },
    timeoutSeconds: 10,
  }
}

export function chatProbe(model: string): HttpProbe {
  return {
    id: 'chat',
    group: 'serve',
    title: 'a chat completion has the OpenAI shape and counts its tokens',
    required: true,
    request: {
      method: 'POST',
      path: '/v1/chat/completions',
      body: chatBody(model, 'Name one colour.', 16),
    },
    expect: {
      type: 'json',
      status: 200,
      checks: [...chatChecks, { at: 'model', rule: 'equals', value: model }],
    },
    timeoutSeconds: 120,
  }
}

export function chatStreamProbe(model: string): HttpProbe {
  return {
    id: 'chat-stream',
    group: 'serve',
    title: 'a streamed chat arrives in pieces and ends with [DONE]',
    required: true,
    request: {
      method: 'POST',
      path: '/v1/chat/completions',
      body: { ...chatBody(model, 'Count from one to five.', 24), stream: true },
    },
    expect: {
      type: 'event-stream',
      status: 200,
      endMarker: '[DONE]',
      textAt: ['choices.0.delta.content', 'choices.0.delta.reasoning_content', 'choices.0.delta.reasoning'],
    },
    timeoutSeconds: 120,
  }
}

export function completionsProbe(model: string): HttpProbe {
  return {
    id: 'completions',
    group: 'serve',
    title: 'a text completion has the OpenAI shape',
    required: true,
    request: {
      method: 'POST',
      path: '/v1/completions',
      body: { model, prompt: 'The capital of France is', max_tokens: 8, temperature: 0 },
    },
    expect: {
      type: 'json',
      status: 200,
      checks: [
        { at: 'object', rule: 'equals', value: 'text_completion' },
        { at: 'choices.0.text', rule: 'text' },
        { at: 'usage.completion_tokens', rule: 'positive' },
      ],
    },
    timeoutSeconds: 120,
  }
}

/** A request that must be refused. `errorAt` is where this engine puts its message. */
export function badInputProbe(
  id: string,
  title: string,
  request: ProbeRequest,
  status: number,
  checks: readonly JsonCheck[],
): HttpProbe {
  return {
    id,
    group: 'bad-input',
    title,
    required: true,
    request,
    expect: { type: 'json', status, checks },
    timeoutSeconds: 60,
  }
}

/** A prompt that no context of `contextLength` tokens holds: every word is at least one token. */
export function overlongPrompt(contextLength: number): string {
  return 'word '.repeat(contextLength + 64)
}
