import { z } from 'zod'
import { answerSchema } from './answer-schema.ts'
import { limits, text, words } from './limits.ts'
import { count } from './quantities.ts'

const at = text(limits.words)
  .regex(
    /^[^.[\]]+(\.[^.[\]]+)*$/,
    'keys and places in lists joined by dots, such as choices.0.message.content',
  )
  .describe('Place in the answer, such as choices.0.message.content')
const value = z.json().describe('The value there')
const status = z.number().int().min(100).max(599).describe('Status of the answer')
const textAt = z.array(at).min(1).max(limits.prompts).describe('Places where the pieces of the text are')

/** The statements of the built-in probes that need no knowledge of an engine. */
const check = z.discriminatedUnion('rule', [
  z.strictObject({ rule: z.literal('equals').describe('Exactly this value'), at, value }),
  z.strictObject({ rule: z.literal('text').describe('A text that is not empty'), at }),
  z.strictObject({ rule: z.literal('positive').describe('A number above 0'), at }),
  z.strictObject({ rule: z.literal('exists').describe('Anything'), at }),
  z.strictObject({
    rule: z.literal('has').describe('A list that has this text'),
    at,
    value: text(limits.value).describe('The text'),
  }),
  z
    .strictObject({ rule: z.literal('same').describe('What another place has'), at, as: at })
    .refine((one) => one.at !== one.as, { path: ['as'], message: 'another place than `at`' }),
  z.strictObject({
    rule: z.literal('schema').describe('A text of JSON that a schema accepts'),
    at,
    schema: answerSchema.describe('The JSON schema'),
  }),
])

const checks = z.array(check).max(limits.prompts).default([]).describe('What the answer must be')

const expectation = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('json').describe('One answer in JSON'), status, checks }),
  z.strictObject({
    type: z.literal('text').describe('A page of text'),
    status,
    contains: z.array(words).max(limits.prompts).default([]).describe('Texts that are in it'),
  }),
  z.strictObject({
    type: z.literal('event-stream').describe('Server-sent events'),
    status,
    textAt,
    endMarker: z.union([words, z.null()]).default('[DONE]').describe('The last event; null without one'),
  }),
  z.strictObject({
    type: z.literal('json-lines').describe('One JSON value a line'),
    status,
    textAt,
    lastLine: checks,
  }),
])

const request = z
  .strictObject({
    method: z.enum(['GET', 'POST', 'PUT', 'DELETE']).default('GET').describe('Method of HTTP'),
    path: text(limits.place)
      .regex(/^\/[^\s#]*$/, 'a path that begins with /, with a query if it has one')
      .describe('Path on the server'),
    body: z.json().optional().describe('What is sent, as JSON'),
  })
  .refine(({ method, body }) => body === undefined || method !== 'GET', {
    path: ['method'],
    message: 'POST, PUT or DELETE, since there is a body',
  })

export const ownProbe = z.strictObject({
  id: z
    .string()
    .max(limits.nameLength)
    .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'lower-case letters and digits, joined by -')
    .describe('Name of the check in reports'),
  title: text(limits.words).min(1).optional().describe('What is proven, as a sentence. Default: the request'),
  request: request.describe('What is asked'),
  expect: expectation.describe('What must be answered'),
  timeoutSeconds: count(limits.seconds).default(60).describe('Time for the answer'),
})

export type OwnProbe = z.infer<typeof ownProbe>
