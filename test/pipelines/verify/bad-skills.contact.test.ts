import { expect, test } from 'vitest'
import type { Behaviour } from '../../../images/boot/probe.ts'
import { parsedProbes, toolProbes } from '../../../images/engines/skill-probes.ts'
import { visionProbes } from '../../../images/engines/vision-probes.ts'
import { deploymentFor, recipeFor } from '../../images/engines/fixtures.ts'
import {
  chatAnswer,
  endMarker,
  type Handler,
  model,
  type Routes,
  type SaidMessage,
  sendJson,
  streamMessage,
  streamWords,
} from '../../servers/openai.ts'
import { behaviour, complaints, plan, verifyTiny } from './plan.ts'

const thinking = deploymentFor(
  recipeFor('vllm', ({ model }) => void Object.assign(model, { reasoningParser: 'qwen3' })),
)

const probes = {
  tools: toolProbes(model, { streamsSkills: true }),
  reasoning: parsedProbes(thinking, model, { streamsSkills: true }),
  vision: visionProbes(model),
}

/** A chat that answers rightly, apart from what it says to questions with a tool, a thought or a picture. */
function chat(
  said: SaidMessage,
  finish = 'stop',
  toAuto: SaidMessage = said,
  inStreams: SaidMessage = said,
): Routes {
  const handler: Handler = ({ body }, response) => {
    const text = JSON.stringify(body)
    if (!/tool_choice|Think first|image_url/.test(text))
      return body.stream ? streamWords(response, endMarker) : sendJson(response, 200, chatAnswer())
    if (body.stream) return streamMessage(response, inStreams, finish)
    const message = { role: 'assistant', content: '', ...(text.includes('"auto"') ? toAuto : said) }
    return sendJson(response, 200, { ...chatAnswer(), choices: [{ message, finish_reason: finish }] })
  }
  return { 'POST /v1/chat/completions': handler }
}

async function complaintsOf(asked: keyof typeof probes, routes: Routes): Promise<string[]> {
  const skilled: Behaviour = { ...behaviour, probes: probes[asked] }
  const boot = await verifyTiny({ routes, plan: { verify: { ...plan.verify, behaviour: skilled } } })
  return complaints(boot.checks)
}

function call(name: string, args: unknown): SaidMessage {
  return { tool_calls: [{ function: { name, arguments: args } }] }
}

/** A chat that names the colours of pictures: what it says to the red one, and to the other. */
function seeing(toRed: string, toOther: string): Routes {
  const [red] = probes.vision
  const seen = JSON.stringify(red?.request.body)
  const handler: Handler = ({ body }, response) => {
    if (body.stream) return streamWords(response, endMarker)
    const text = JSON.stringify(body)
    const content = text.includes('image_url') ? (text === seen ? toRed : toOther) : 'Hello'
    const choices = [{ message: { role: 'assistant', content }, finish_reason: 'stop' }]
    return sendJson(response, 200, { ...chatAnswer(), choices })
  }
  return { 'POST /v1/chat/completions': handler }
}

const right = call('get_weather', '{"city": "Paris", "unit": "celsius"}')
const prose: SaidMessage = { content: 'It is sunny in Paris.' }

test.each([
  ['calls what it is offered', 'tools', chat(right, 'tool_calls')],
  ['calls when it must and answers when it may', 'tools', chat(right, 'stop', prose)],
  [
    'calls of itself with arguments of its own',
    'tools',
    chat(right, 'stop', call('get_weather', '{"town": 1}')),
  ],
  ['reasons apart', 'reasoning', chat({ content: '14', reasoning_content: 'Twice seven.' })],
  ['reasons apart under the other name', 'reasoning', chat({ content: '14', reasoning: 'Twice seven.' })],
  ['sees colours', 'vision', seeing('Red.', 'It is Blue')],
] as const)('a chat that %s passes', async (_, asked, routes) => {
  expect(await complaintsOf(asked, routes)).toEqual([])
})

const written = '<tool_call>{"name": "get_weather", "arguments": {"city": "Paris"}}</tool_call>'
const plain = `the call is plain text in the answer: ${JSON.stringify(written)}`

/** The words for one fault of an answer, whole and streamed. */
function twice(id: string, fault: string): string[] {
  return [`${id} failed: ${fault}`, `${id}-stream failed: streamed, ${fault}`]
}

test.each([
  [
    'writes its call as plain text when it streams',
    'tools',
    chat(right, 'tool_calls', right, { content: written }),
    [`tools-forced-stream failed: streamed, ${plain}`],
  ],
  [
    'loses the arguments of its call when it streams',
    'tools',
    chat(right, 'tool_calls', right, call('get_weather', '')),
    ['tools-forced-stream failed: streamed, the call\'s arguments: is "" instead of a text of JSON'],
  ],
  [
    'leaves its reasoning in the answer when it streams',
    'reasoning',
    chat(
      { content: '14', reasoning: 'Twice seven.' },
      'stop',
      {},
      { content: '<think>Twice seven.</think>14' },
    ),
    [
      'reasoning-stream failed: streamed, the reasoning stands in the answer, with <think>: "<think>Twice seven.</think>14"',
    ],
  ],
  [
    'writes its call as plain text',
    'tools',
    chat({ content: written }),
    [...twice('tools-forced', plain), `tools-auto failed: ${plain}`],
  ],
  [
    'ignores that a call is required',
    'tools',
    chat(prose),
    twice(
      'tools-forced',
      'it answers in place of calling "get_weather", which was required: "It is sunny in Paris."',
    ),
  ],
  [
    'never comes to the call',
    'tools',
    chat({ content: 'Well, well, well' }, 'length'),
    twice(
      'tools-forced',
      'the answer was cut before it called "get_weather", which was required: "Well, well, well"',
    ),
  ],
  [
    'calls a function that nobody offered',
    'tools',
    chat(call('get_time', '{}'), 'tool_calls', prose),
    twice('tools-forced', 'it calls "get_time", and "get_weather" alone was offered'),
  ],
  [
    'calls with arguments that the schema does not accept',
    'tools',
    chat(call('get_weather', '{"city": "Paris"}'), 'tool_calls', prose),
    [
      expect.stringMatching(
        /^tools-forced failed: the call's arguments: is .*, which the schema does not accept: unit: /,
      ),
      expect.stringMatching(
        /^tools-forced-stream failed: streamed, the call's arguments: is .*, which the schema does not accept: unit: /,
      ),
    ],
  ],
  [
    'calls with arguments that are no text of JSON',
    'tools',
    chat(right, 'tool_calls', call('get_weather', { city: 'Paris' })),
    ['tools-auto failed: the call\'s arguments: is {"city":"Paris"} instead of a text of JSON'],
  ],
  [
    'says nothing at all',
    'tools',
    chat(right, 'stop', { content: null }),
    ['tools-auto failed: it neither calls a function nor answers'],
  ],
  [
    'leaves its reasoning in the answer',
    'reasoning',
    chat({ content: '<think>Twice seven.</think>14' }),
    twice('reasoning', 'the reasoning stands in the answer, with <think>: "<think>Twice seven.</think>14"'),
  ],
  [
    'does not reason',
    'reasoning',
    chat({ content: '14' }),
    twice(
      'reasoning',
      'choices.0.message has no reasoning: neither reasoning_content nor reasoning is a text',
    ),
  ],
  [
    'does not see the picture',
    'vision',
    chat({ content: 'I cannot see pictures, incredible.' }),
    [
      'vision failed: choices.0.message.content is "I cannot see pictures, incredible." and does not say "red"',
      'vision-other failed: choices.0.message.content is "I cannot see pictures, incredible." and does not say "blue"',
    ],
  ],
  [
    'calls every picture red',
    'vision',
    chat({ content: 'Red' }),
    ['vision-other failed: choices.0.message.content is "Red" and does not say "blue"'],
  ],
  [
    'names one colour for another',
    'vision',
    seeing('Blue', 'Red'),
    [
      'vision failed: choices.0.message.content is "Blue" and does not say "red"',
      'vision-other failed: choices.0.message.content is "Red" and does not say "blue"',
    ],
  ],
  [
    'names all colours there are',
    'vision',
    chat({ content: 'red, green, blue' }),
    [
      'vision failed: choices.0.message.content is "red, green, blue" and says "blue" as well',
      'vision-other failed: choices.0.message.content is "red, green, blue" and says "red" as well',
    ],
  ],
] as const)('a chat that %s fails with its own words', async (_, asked, routes, words) => {
  expect(await complaintsOf(asked, routes)).toEqual(words)
})
