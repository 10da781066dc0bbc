import type { Json } from '../../lib/json.ts'
import { limits } from '../../recipes/limits.ts'
import type { HttpProbe, JsonCheck, ProbeRequest, RepeatedText } from '../boot/probe.ts'

const streamTexts = [
  'choices.0.delta.content',
  'choices.0.delta.reasoning_content',
  'choices.0.delta.reasoning',
]

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

/** For questions whose answer has a form: thinking first would only take tokens. Templates that know no such word ignore it. */
export const withoutThinking = { chat_template_kwargs: { enable_thinking: false } } as const

const chatChecks: readonly JsonCheck[] = [
  { at: 'object', rule: 'equals', value: 'chat.completion' },
  { at: 'choices.0.message.role', rule: 'equals', value: 'assistant' },
  { at: 'choices.0.finish_reason', rule: 'text' },
  { at: 'usage.completion_tokens', rule: 'positive' },
  { at: 'usage.prompt_tokens', rule: 'positive' },
]

/** A first question whose answer names the model and counts what it generated. */
export function readyProbe(
  { title, request }: Pick<HttpProbe, 'title' | 'request'>,
  timeoutSeconds: number,
  answered: string,
): HttpProbe {
  return {
    id: 'ready',
    group: 'ready',
    title,
    required: true,
    request,
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

/**
 * Ready means that the named model generated a token; a health page says less. `answered` is the name in the answer
 * where a server does not repeat the one it was asked for.
 */
export function generatedTokenProbe(model: string, timeoutSeconds: number, answered = model): HttpProbe {
  const request = {
    method: 'POST',
    path: '/v1/chat/completions',
    body: chatBody(model, 'Hello', 1),
  } as const
  return readyProbe({ title: 'the named model generates a token', request }, timeoutSeconds, answered)
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

export function chatProbe(model: string, answered = model): HttpProbe {
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
      checks: [...chatChecks, { at: 'model', rule: 'equals', value: answered }],
    },
    timeoutSeconds: 120,
  }
}

/** An answer as server-sent events, every one of which names the model. `textAt` is where pieces of the text may be. */
export function streamProbe(
  question: Pick<HttpProbe, 'id' | 'title' | 'request'>,
  textAt: readonly string[],
  answered: string,
): HttpProbe {
  return {
    ...question,
    group: 'serve',
    required: true,
    expect: {
      type: 'event-stream',
      status: 200,
      endMarker: '[DONE]',
      textAt,
      events: [{ at: 'model', rule: 'equals', value: answered }],
    },
    timeoutSeconds: 120,
  }
}

export function chatStreamProbe(model: string, answered = model): HttpProbe {
  const body = { ...chatBody(model, 'Count from one to five.', 24), stream: true }
  const question = {
    id: 'chat-stream',
    title: 'a streamed chat arrives in pieces and ends with [DONE]',
    request: { method: 'POST', path: '/v1/chat/completions', body },
  } as const
  return streamProbe(question, streamTexts, answered)
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

/** A page of text, such as health or metrics. `required` is false where its words are not confirmed. */
export function textProbe(
  page: Pick<HttpProbe, 'id' | 'group' | 'title'> & { path: string },
  contains: readonly string[],
  required = true,
): HttpProbe {
  const { path, ...named } = page
  return {
    ...named,
    required,
    request: { method: 'GET', path },
    expect: { type: 'text', status: 200, contains: [...contains] },
    timeoutSeconds: 30,
  }
}

/** A question of an engine's own interface that is answered with one JSON value. */
export function nativeProbe(
  question: Pick<HttpProbe, 'id' | 'title'> & { request: ProbeRequest },
  checks: readonly JsonCheck[],
  required = true,
): HttpProbe {
  return {
    ...question,
    group: 'native',
    required,
    expect: { type: 'json', status: 200, checks: [...checks] },
    timeoutSeconds: 120,
  }
}

/** Up to here a prompt is written out in the plan, as people read it there; it has some 40 kB then. */
const writtenTokens = 8192

/** A chat whose prompt no context of `contextLength` tokens holds: every word is at least one token. */
export function overlongRequest(model: string, contextLength: number): ProbeRequest {
  const prompt = overlongText(contextLength)
  const request = { method: 'POST', path: '/v1/chat/completions' } as const
  return contextLength <= writtenTokens
    ? { ...request, body: chatBody(model, prompt.repeat.repeat(prompt.times), 1) }
    : { ...request, body: chatBody(model, '', 1), prompt }
}

/** `as` is the member of the body that it becomes, where that is no chat. */
export function overlongText(contextLength: number, as?: string): RepeatedText {
  const text = { repeat: 'word ', times: Math.min(contextLength, limits.tokens) + 64 }
  return as === undefined ? text : { ...text, as }
}
