import type { HttpProbe } from '../boot/probe.ts'
import { chatBody, withoutThinking } from './openai-probes.ts'

/** Small enough that every answer is short, whatever the model would say. */
const schema = {
  type: 'object',
  properties: {
    colour: { type: 'string', enum: ['red', 'green', 'blue'] },
    bright: { type: 'boolean' },
  },
  required: ['colour', 'bright'],
  additionalProperties: false,
} as const

/** The answer itself takes some 20; a model whose thinking nothing switches off needs the rest. */
const mostTokens = 512

/** A question whose free answer is prose: a server that does not look at the schema fails. */
const question = 'Describe the sky on a clear day.'

function body(model: string) {
  return {
    ...chatBody(model, question, mostTokens),
    ...withoutThinking,
    response_format: { type: 'json_schema', json_schema: { name: 'sky', strict: true, schema } },
  }
}

/** The schema and the question, for interfaces that take them in another form. */
export const structured = { schema, question, mostTokens } as const

/** Answers to a JSON schema, whole and streamed. */
export function structuredProbes(model: string): HttpProbe[] {
  const path = '/v1/chat/completions'
  return [
    {
      id: 'structured',
      group: 'serve',
      title: 'an answer to a JSON schema is JSON that the schema accepts',
      required: true,
      request: { method: 'POST', path, body: body(model) },
      expect: {
        type: 'json',
        status: 200,
        checks: [{ at: 'choices.0.message.content', rule: 'schema', schema }],
      },
      timeoutSeconds: 120,
    },
    {
      id: 'structured-stream',
      group: 'serve',
      title: 'a streamed answer to a JSON schema is JSON that the schema accepts',
      required: true,
      request: { method: 'POST', path, body: { ...body(model), stream: true } },
      expect: {
        type: 'event-stream',
        status: 200,
        endMarker: '[DONE]',
        textAt: ['choices.0.delta.content'],
        whole: [{ at: 'choices.0.message.content', rule: 'schema', schema }],
      },
      timeoutSeconds: 120,
    },
  ]
}
