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

export function rerankProbe(model: string, place: RerankPlace): HttpProbe {
  return {
    id: 'rerank',
    group: 'serve',
    title: 'the document that answers the query is ranked first',
    required: true,
    request: { method: 'POST', path: place.path, body: rerankBody(model) },
    expect: {
      type: 'json',
      status: 200,
      checks: [{ at: place.resultsAt, rule: 'ranked', first: answering, scoreAt: place.scoreAt }],
    },
    timeoutSeconds: 120,
  }
}

function below(at: string, path: string): string {
  return at === '' ? path : `${at}.${path}`
}
