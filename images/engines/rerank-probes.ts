import type { Json } from '../../lib/json.ts'
import type { HttpProbe } from '../boot/probe.ts'

/** A query, and documents of which the second alone answers it: in meaning, and in its words. */
const query = 'How do penguins swim?'
const documents = [
  'The stock market fell on Monday.',
  'Penguins swim by beating their wings under water.',
  'Cheese is made of milk.',
]
const answering = 1

/** Another query, which another document of the same list answers: a server that always prefers one of them is found out. */
const otherQuery = 'What is cheese made of?'
const otherAnswering = 2

/** The query and its documents, for interfaces that take them in another form. */
export const ranking = { query, documents, answering } as const

/** Where an interface of reranking is, and where its scores are. */
export interface RerankPlace {
  path: string
  /** Path of the list in the answer; empty where the answer is the list. */
  resultsAt: string
  scoreAt: string
}

export const cohereRerank: RerankPlace = {
  path: '/v1/rerank',
  resultsAt: 'results',
  scoreAt: 'relevance_score',
}

export function rerankBody(model: string): { [key: string]: Json } {
  return { model, query, documents }
}

/** Ready means that the named model scored documents; whether in the right order is asked afterwards. */
export function scoredProbe(model: string, place: RerankPlace, timeoutSeconds: number): HttpProbe {
  return {
    id: 'ready',
    group: 'ready',
    title: 'the named model scores documents',
    required: true,
    request: { method: 'POST', path: place.path, body: rerankBody(model) },
    expect: {
      type: 'json',
      status: 200,
      checks: [{ at: below(place.resultsAt, `0.${place.scoreAt}`), rule: 'exists' }],
    },
    timeoutSeconds,
  }
}

export function rerankProbes(model: string, place: RerankPlace): HttpProbe[] {
  return [
    rankedProbe('rerank', place, { body: rerankBody(model), first: answering }),
    {
      ...rankedProbe('rerank-other', place, {
        body: { ...rerankBody(model), query: otherQuery },
        first: otherAnswering,
      }),
      title: 'another query puts another document first',
    },
  ]
}

/** The same question by an engine's own name for the endpoint. */
export function nativeRerankProbe(model: string, place: RerankPlace): HttpProbe {
  const probe = rankedProbe('rerank-native', place, { body: rerankBody(model), first: answering })
  return { ...probe, group: 'native', title: `${probe.title}, by the native name as well` }
}

interface Ranking {
  body: { [key: string]: Json }
  /** Place of the document that answers. */
  first: number
}

function rankedProbe(
  id: string,
  { path, resultsAt, scoreAt }: RerankPlace,
  { body, first }: Ranking,
): HttpProbe {
  return {
    id,
    group: 'serve',
    title: 'the document that answers the query is ranked first',
    required: true,
    request: { method: 'POST', path, body },
    expect: {
      type: 'json',
      status: 200,
      checks: [{ at: resultsAt, rule: 'ranked', first, scoreAt, count: documents.length }],
    },
    timeoutSeconds: 120,
  }
}

function below(at: string, path: string): string {
  return at === '' ? path : `${at}.${path}`
}
