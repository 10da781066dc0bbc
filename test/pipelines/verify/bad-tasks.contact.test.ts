import { expect, test } from 'vitest'
import type { Behaviour } from '../../../images/boot/probe.ts'
import { embeddedTextProbe, embeddingProbes } from '../../../images/engines/embedding-probes.ts'
import { cohereRerank, rerankProbes, scoredProbe } from '../../../images/engines/rerank-probes.ts'
import { structuredProbes } from '../../../images/engines/structured-probes.ts'
import {
  chatAnswer,
  chunk,
  endMarker,
  type Handler,
  model,
  type Routes,
  sendJson,
} from '../../servers/openai.ts'
import { dimension, embeddings, rerank, vectorOf } from '../../servers/tasks.ts'
import { behaviour, complaints, plan, verifyTiny } from './plan.ts'

const vectors = { dimension, normalized: true }

const embedding: Behaviour = {
  ...behaviour,
  readiness: embeddedTextProbe(model, { normalized: false }, 2),
  probes: embeddingProbes(model, vectors),
  ask: { path: '/v1/embeddings', bodyFor: 'openai-embedding', textAt: null },
}

const reranking: Behaviour = {
  ...behaviour,
  readiness: scoredProbe(model, cohereRerank, 2),
  probes: rerankProbes(model, cohereRerank),
  ask: { path: '/v1/rerank', bodyFor: 'rerank', textAt: null },
}

async function complaintsOf(
  asked: Behaviour,
  routes: Routes,
  { startTimeoutSeconds }: { startTimeoutSeconds: number } = plan.verify,
): Promise<string[]> {
  const verify = { ...plan.verify, startTimeoutSeconds, behaviour: asked }
  const boot = await verifyTiny({ routes, plan: { verify } })
  return complaints(boot.checks)
}

test.each([
  ['an embedder', embedding, embeddings()],
  ['a reranker', reranking, rerank()],
] as const)('%s that does its work passes', async (_, asked, routes) => {
  expect(await complaintsOf(asked, routes)).toEqual([])
})

/** Numbers out of the letters of a text, of length 1: the first two texts happen to be near. */
function noise(text: string): number[] {
  const angle = [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 628, 7) / 100
  return [Math.cos(angle), Math.sin(angle), 0, 0]
}

const skipped = 'not asked: the server was never ready'
const times = (count: number, value: unknown) => Array.from({ length: count }, () => value)

test.each([
  [
    'gives vectors of zeros',
    () => times(dimension, 0),
    [
      'ready failed: it answers wrongly and did not get better in 0.2 s; last answer: data.*.embedding is 4 times 0: it says nothing of the text',
      `embeddings skipped: ${skipped}`,
      `embeddings-batch skipped: ${skipped}`,
    ],
  ],
  [
    'gives vectors of another dimension',
    (text: string) => [...vectorOf(text), 0],
    ['embeddings failed: data.*.embedding has 5 numbers instead of 4'],
  ],
  [
    'gives vectors of another length',
    (text: string) => vectorOf(text).map((number) => number * 3),
    ['embeddings failed: data.*.embedding has the length 3.000 instead of 1'],
  ],
  [
    'gives what is no number',
    (text: string, count: number) => (count > 1 ? [null, ...vectorOf(text).slice(1)] : vectorOf(text)),
    [
      'embeddings failed: data.*.embedding holds null at 0, which is no finite number',
      'embeddings-batch failed: data.1.embedding of the batch is 0.200 away from the same text alone (data.0.embedding); at most 0.01 is allowed',
    ],
  ],
  [
    'gives one vector to every text',
    () => vectorOf('cat'),
    [
      'embeddings failed: related texts are no nearer than unrelated ones: of data.*.embedding the cosine of 0 and 1 is 1.000, and of 0 and 2 1.000',
    ],
  ],
  [
    'makes vectors that know nothing of their texts, each the same every time',
    (text: string) => noise(text),
    [
      expect.stringMatching(
        /^embeddings failed: related texts are no nearer than unrelated ones: of data\.\*\.embedding the cosine of /,
      ),
    ],
  ],
  [
    'pairs one of three pairs wrongly',
    (text: string) => (text.includes('pasta') ? vectorOf('cat') : vectorOf(text)),
    [
      'embeddings failed: related texts are no nearer than unrelated ones: of data.*.embedding the cosine of 0 and 1 is 0.960, and of 0 and 4 1.000',
    ],
  ],
  [
    'mixes up a batch',
    (text: string, count: number) => (count > 1 ? vectorOf(text) : vectorOf('central')),
    [
      'embeddings-batch failed: data.1.embedding of the batch is 1.00 away from the same text alone (data.0.embedding); at most 0.01 is allowed',
    ],
  ],
] as const)('an embedder that %s fails with these words', async (_, vectorize, words) => {
  expect(await complaintsOf(embedding, embeddings(vectorize))).toEqual(words)
})

test.each([
  [
    'puts another document first',
    (text: string) => -text.length,
    ['rerank failed: document 1 answers the query and is not ranked first (2: -23.00, 0: -32.00, 1: -49.00)'],
  ],
  [
    'prefers one document whatever it is asked',
    (text: string) => (text.includes('enguin') ? 1.5 : -3),
    [
      'rerank-other failed: document 2 answers the query and is not ranked first (1: 1.500, 0: -3.000, 2: -3.000)',
    ],
  ],
  [
    'turns its scores round',
    (text: string, query: string) => (text.includes(query.includes('heese') ? 'heese' : 'enguin') ? -3 : 1.5),
    [
      'rerank failed: document 1 answers the query and is not ranked first (0: 1.500, 2: 1.500, 1: -3.000)',
      'rerank-other failed: document 2 answers the query and is not ranked first (0: 1.500, 1: 1.500, 2: -3.000)',
    ],
  ],
  [
    'has one score for all',
    () => 0.5,
    [
      'rerank failed: document 1 answers the query and is not ranked first (0: 0.5000, 1: 0.5000, 2: 0.5000)',
      'rerank-other failed: document 2 answers the query and is not ranked first (0: 0.5000, 1: 0.5000, 2: 0.5000)',
    ],
  ],
  [
    'scores with a text',
    () => 'high',
    [
      'rerank failed: results has the score "high" for 0',
      'rerank-other failed: results has the score "high" for 0',
    ],
  ],
] as const)('a reranker that %s fails with these words', async (_, score, words) => {
  expect(await complaintsOf(reranking, rerank(score))).toEqual(words)
})

test('a reranker that gives the best document alone fails, since nothing is known of the others', async () => {
  const routes: Routes = {
    'POST /v1/rerank': ({ body }, response) => {
      const index = String(body['query']).includes('heese') ? 2 : 1
      sendJson(response, 200, { results: [{ index, relevance_score: 1 }] })
    },
  }
  expect(await complaintsOf(reranking, routes)).toEqual([
    'rerank failed: results scores 1 in 1 items, and 3 documents were sent',
    'rerank-other failed: results scores 2 in 1 items, and 3 documents were sent',
  ])
})

test('a generator behind a reranking endpoint that is not there is not ready', async () => {
  const routes: Routes = {
    'POST /v1/rerank': (_, response) =>
      sendJson(response, 501, { error: { message: 'not supported', type: 'not_supported_error' } }),
  }
  const found = await complaintsOf(reranking, routes, { startTimeoutSeconds: 2 })
  expect(found[0]).toMatch(/^ready failed: not ready within 2 s; last answer: status 501 instead of 200/)
})

const good = '{"colour": "blue", "bright": true}'

const structured: Behaviour = { ...behaviour, probes: structuredProbes(model) }

interface Said {
  json?: string
  streamed?: string
}

/** A chat that answers to schemas rightly, apart from what is given. */
function chat(said: Said): Routes {
  const handler: Handler = ({ body }, response) => {
    if (!body['response_format'])
      return body.stream ? stream(response, 'one two three four') : sendJson(response, 200, chatAnswer())
    if (body.stream) return stream(response, said.streamed ?? good)
    const message = { role: 'assistant', content: said.json ?? good }
    return sendJson(response, 200, { ...chatAnswer(), choices: [{ message, finish_reason: 'stop' }] })
  }
  return { 'POST /v1/chat/completions': handler }
}

async function stream(response: Parameters<Handler>[1], text: string): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const piece of text.split(/(?<= )/)) {
    response.write(chunk(piece))
    await new Promise((done) => setTimeout(done, 5))
  }
  response.end(endMarker)
}

test('a chat that answers to schemas passes', async () => {
  expect(await complaintsOf(structured, chat({}))).toEqual([])
})

test.each([
  [
    'ignores the schema',
    { json: 'The sky is blue.' },
    ['structured failed: choices.0.message.content is "The sky is blue." instead of a text of JSON'],
  ],
  [
    'answers JSON of another schema',
    { json: '{"colour": "blue"}' },
    [
      'structured failed: choices.0.message.content is "{\\"colour\\": \\"blue\\"}", which the schema does not accept: bright: Invalid input: expected boolean, received undefined',
    ],
  ],
  [
    'ignores the schema when it streams',
    { streamed: 'The sky is blue today.' },
    [
      'structured-stream failed: streamed, choices.0.message.content is "The sky is blue today." instead of a text of JSON',
    ],
  ],
])('a chat that %s fails with its own words', async (_, said, words) => {
  expect(await complaintsOf(structured, chat(said))).toEqual(words)
})
