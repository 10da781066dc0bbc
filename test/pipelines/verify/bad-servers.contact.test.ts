import { expect, test } from 'vitest'
import * as bad from '../../servers/bad.ts'
import type { Routes, TinyServer } from '../../servers/openai.ts'
import { complaints, hasty, verifyTiny } from './plan.ts'

interface Bad {
  routes: (server: TinyServer) => Routes
  /** Everything that is not passed, in order. */
  complaints: string[]
  /** It leaves questions without an end. */
  hangs?: true
}

const neverAsked = ['health', 'models', 'chat', 'chat-stream'].map(
  (id) => `${id} skipped: not asked: the server was never ready`,
)
const wrongly = 'it answers wrongly and did not get better in 0.2 s; last answer:'
const silence = 'the server took the question and said nothing'
const lastEvent = '{"object":"chat.completion.chunk","model":"tiny","choices":[{"delta":{"content":"five"}}]}'

const servers: Record<string, Bad> = {
  'answers 200 with rubbish': {
    routes: bad.rubbish,
    complaints: [
      `ready failed: ${wrongly} content type text/html instead of application/json; the body is not JSON: <html>It works!</html>`,
      ...neverAsked,
    ],
  },
  'answers 200 with JSON of another shape': {
    routes: bad.wrongShape,
    complaints: [
      `ready failed: ${wrongly} usage.completion_tokens is absent instead of a number above 0; model is absent instead of "tiny"`,
      ...neverAsked,
    ],
  },
  'streams without an end marker': {
    routes: bad.noEndMarker,
    complaints: [`chat-stream failed: the stream ends with ${lastEvent} instead of [DONE]`],
  },
  'breaks a stream with something that is no JSON': {
    routes: bad.errorInStream,
    complaints: [
      'chat-stream failed: the stream ends with {"error": oops instead of [DONE]; an event is not JSON: {"error": oops',
    ],
  },
  'streams in one piece': {
    routes: bad.onePiece,
    complaints: [
      'chat-stream failed: the text came in one piece',
      'speed failed: only 1 tokens were streamed',
    ],
  },
  'holds a stream back until it is complete': {
    routes: bad.heldBack,
    complaints: [
      'chat-stream failed: all 5 pieces of the text arrived at once',
      'speed failed: all 5 tokens came at once',
    ],
  },
  'streams nothing but the end': {
    routes: bad.emptyStream,
    complaints: [
      'chat-stream failed: the stream carried no text',
      'speed failed: only 0 tokens were streamed',
    ],
  },
  'hangs from the start': {
    routes: bad.neverAnswers,
    hangs: true,
    complaints: [
      `ready failed: not ready within 2 s; last answer: no answer within 2 s: ${silence}`,
      ...neverAsked,
    ],
  },
  'hangs after it was ready': {
    routes: bad.silent,
    hangs: true,
    complaints: [
      `chat failed: no answer within 1 s: ${silence}`,
      `chat-stream failed: no answer within 1 s: ${silence}`,
      `answers failed: 0 answers, 0 tokens; "Count to five.": no answer within 0.5 s: ${silence}`,
      `speed failed: no answer within 0.5 s: ${silence}`,
    ],
  },
  'begins an answer and stalls': {
    routes: bad.stalls,
    hangs: true,
    complaints: [
      'chat failed: the answer (200) began and never ended: 21 bytes within 1 s',
      'chat-stream failed: the answer (200) began and never ended: 21 bytes within 1 s',
      'answers failed: 0 answers, 0 tokens; "Count to five.": the answer (200) began and never ended: 21 bytes within 0.5 s',
      'speed failed: the answer (200) began and never ended: 21 bytes within 0.5 s',
    ],
  },
  'closes the connection in the middle of an answer': {
    routes: bad.breaksOff,
    complaints: ['chat', 'chat-stream', 'answers', 'speed'].map(
      (id) =>
        `${id} failed: ${id === 'answers' ? '0 answers, 0 tokens; "Count to five.": ' : ''}the connection broke after 21 bytes of the answer (200): the server closed it`,
    ),
  },
  'dies after it was ready': {
    routes: bad.diesAfterReady,
    complaints: [
      'chat failed: connection failed: the server closed it',
      ...['chat-stream', 'answers', 'speed'].map(
        (id) => `${id} skipped: not asked: the server ended with exit code 139`,
      ),
      'alive failed: the server ended with exit code 139',
      'graceful-stop skipped: not known: the server had ended before',
    ],
  },
  'ends at its start': {
    routes: bad.exitsAtStart,
    complaints: [
      'ready failed: the server ended with exit code 1; last answer: connection failed: ECONNREFUSED',
      ...neverAsked,
      'alive failed: the server ended with exit code 1',
      'graceful-stop skipped: not known: the server had ended before',
    ],
  },
  'says in its log that it failed': {
    routes: bad.saysItFailed,
    complaints: [
      'ready failed: the log says "E failed to load model"; last answer: status 503 instead of 200: {"error":{"message":"Loading model"}}',
      ...neverAsked,
    ],
  },
  'wants a key': {
    routes: bad.wantsKey(401),
    complaints: [
      'ready failed: it wants a key or a login, and verification has none; last answer: status 401 instead of 200: {"error":{"message":"Invalid API Key"}}',
      ...neverAsked,
    ],
  },
  'lets nobody in': {
    routes: bad.wantsKey(403),
    complaints: [
      'ready failed: it wants a key or a login, and verification has none; last answer: status 403 instead of 200: {"error":{"message":"Invalid API Key"}}',
      ...neverAsked,
    ],
  },
  "answers with another model's name": {
    routes: bad.otherModel,
    complaints: [`ready failed: ${wrongly} model is "another" instead of "tiny"`, ...neverAsked],
  },
  "streams with another model's name": {
    routes: bad.otherModelInStream,
    complaints: ['chat-stream failed: model is "another" instead of "tiny"'],
  },
  'lists another model': {
    routes: bad.otherModelInList,
    complaints: ['models failed: data.*.id is "another" and lacks "tiny"'],
  },
  'is healthy and generates no token': {
    routes: bad.healthWithoutTokens,
    complaints: [
      `ready failed: ${wrongly} usage.completion_tokens is 0 instead of a number above 0`,
      ...neverAsked,
    ],
  },
  redirects: {
    routes: bad.redirects,
    complaints: ['models failed: it redirects (307) to /login instead of answering 200'],
  },
  'answers without an end': {
    routes: bad.huge,
    complaints: ['models failed: the answer is longer than 16 MiB'],
  },
  'answers with the wrong content type': {
    routes: bad.wrongType,
    complaints: ['models failed: content type text/plain instead of application/json'],
  },
}

test.each(Object.entries(servers))(
  'a server that %s fails with these words',
  async (_, { routes, hangs = false, complaints: words }) => {
    const boot = await verifyTiny({ routes, ...(hangs ? hasty : {}) })
    expect(complaints(boot.checks)).toEqual(words)
  },
  60_000,
)

test('a server that wants a key is asked once', async () => {
  const asked: string[] = []
  await verifyTiny({
    routes: (server) => {
      server.asked = asked
      return bad.wantsKey(401)()
    },
  })
  expect(asked).toEqual(['POST /v1/chat/completions'])
})

test('no two bad servers have the same first complaint', () => {
  const first = Object.values(servers).map((server) => server.complaints[0])
  expect(new Set(first).size).toBe(first.length)
})

test('the answer that failed is kept as evidence, and the log with it', async () => {
  const boot = await verifyTiny({ routes: bad.stalls, ...hasty })
  expect(boot.checks.find((check) => check.id === 'chat')?.evidence).toBe('{"object": "chat.comp')
  expect(boot.logTail).toBe('listening')
})
