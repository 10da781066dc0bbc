import type { Json } from '../../lib/json.ts'
import type { HttpProbe, JsonCheck } from '../boot/probe.ts'
import type { Deployment } from './engine.ts'
import { chatBody, withoutThinking } from './openai-probes.ts'

const path = '/v1/chat/completions'

/** Small models write prose before they call, and those that reason do so at length. */
const mostTokens = 512

/** Enumerations keep every call short. */
const parameters = {
  type: 'object',
  properties: {
    city: { type: 'string', enum: ['Paris', 'Rome', 'Oslo'] },
    unit: { type: 'string', enum: ['celsius', 'fahrenheit'] },
  },
  required: ['city', 'unit'],
  additionalProperties: false,
} as const

/**
 * `strict` is OpenAI's word for arguments that keep to the schema. vLLM 0.32.0 holds a required call to it only then: without it the call
 * of a small model lacked an argument that was required (measured).
 */
const weather = {
  type: 'function',
  function: { name: 'get_weather', description: 'Tells the weather of a city', strict: true, parameters },
} as const

const question = 'What is the weather in Paris in celsius?'

function body(model: string, choice: 'required' | 'auto') {
  return {
    ...chatBody(model, question, mostTokens),
    tools: [weather],
    tool_choice: choice,
    ...withoutThinking,
  }
}

/** Where only the model decides whether it calls. */
export function freeToolProbes(model: string): HttpProbe[] {
  return toolProbes(model, {}).filter(({ id }) => id === 'tools-auto')
}

/** Whether the streams of an engine were seen to carry calls and reasoning; else what they carry is only told. */
export interface SeenStreams {
  streamsSkills?: true
}

/** The same question streamed: parsers have another way through the text then. No text of its own need be in it. */
function streamed(probe: HttpProbe, seen: SeenStreams): HttpProbe {
  const { request, expect } = probe
  const body = { ...(request.body as { [key: string]: Json }), stream: true }
  return {
    ...probe,
    id: `${probe.id}-stream`,
    title: `streamed, ${probe.title}`,
    required: seen.streamsSkills === true,
    request: { ...request, body },
    expect: {
      type: 'event-stream',
      status: 200,
      endMarker: '[DONE]',
      textAt: [],
      whole: expect.type === 'json' ? expect.checks : [],
    },
  }
}

/** What a server with tools of its own interface is asked there: the body's members, and what its call must be. */
export const offeredTool = { tools: [weather], question, mostTokens } as const

/** Holds an answer that need not call against the function that was offered. */
export function freeCall(at: string, argumentsAre?: 'object'): JsonCheck {
  const call = { at, rule: 'call', name: weather.function.name, schema: parameters, forced: false } as const
  return argumentsAre === undefined ? call : { ...call, argumentsAre }
}

/**
 * A call that is forced, and one that is left to the model. One function is offered and `required` asked, since llama-server 0.7.0 treats
 * a named function as `auto` (measured).
 */
export function toolProbes(model: string, seen: SeenStreams): HttpProbe[] {
  const call = { at: 'choices.0', rule: 'call', name: weather.function.name, schema: parameters } as const
  const shared = { group: 'serve', required: true, timeoutSeconds: 120 } as const
  const forced: HttpProbe = {
    ...shared,
    id: 'tools-forced',
    title: 'a forced call names the function, with arguments that its schema accepts',
    request: { method: 'POST', path, body: body(model, 'required') },
    expect: { type: 'json', status: 200, checks: [{ ...call, forced: true }] },
  }
  return [
    forced,
    streamed(forced, seen),
    {
      ...shared,
      id: 'tools-auto',
      title: 'a model that may call a function calls it or answers',
      request: { method: 'POST', path, body: body(model, 'auto') },
      expect: { type: 'json', status: 200, checks: [{ ...call, forced: false }] },
    },
  ]
}

/** What a recipe's parsers promise. `tools` as a task has its questions already. */
export function parsedProbes(
  { recipe, tasks, gguf }: Deployment,
  model: string,
  seen: SeenStreams,
): HttpProbe[] {
  const { toolCallParser, reasoningParser } = recipe.model
  return [
    ...(toolCallParser === undefined || tasks.includes('tools') ? [] : toolProbes(model, seen)),
    ...(reasoningParser === undefined || reasoningParser === 'none' || !thinks(gguf)
      ? []
      : [reasoningProbe(model), streamed(reasoningProbe(model), seen)]),
  ]
}

/** Whether the chat template has a word for it; of a folder that a parser is named for, it is believed. */
function thinks(gguf: Deployment['gguf']): boolean {
  return gguf === null || /think|reason/i.test(gguf.chatTemplate ?? '')
}

/** The names that servers give it: llama.cpp and SGLang the first, vLLM the second as well. */
const reasoningTexts = ['reasoning_content', 'reasoning']

function reasoningProbe(model: string): HttpProbe {
  return {
    id: 'reasoning',
    group: 'serve',
    title: 'reasoning stands apart from the answer',
    required: true,
    request: {
      method: 'POST',
      path,
      body: chatBody(model, 'Think first: how many days have two weeks?', mostTokens),
    },
    expect: {
      type: 'json',
      status: 200,
      checks: [
        { at: 'choices.0.message', rule: 'apart', texts: reasoningTexts, marks: ['<think>', '</think>'] },
      ],
    },
    timeoutSeconds: 120,
  }
}
