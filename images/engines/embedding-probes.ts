import type { Json } from '../../lib/json.ts'
import type { HttpProbe, JsonCheck } from '../boot/probe.ts'

/**
 * Pairs of sentences, pair after pair, of which the two mean nearly the same: any embedder tells the pairs apart, and vectors that know
 * nothing of their texts pair them rightly about once in 250 times.
 */
export const sentences = [
  'A cat is sleeping on the sofa.',
  'The kitten naps on the couch.',
  'The central bank raised interest rates last quarter.',
  'Borrowing became more expensive after the bank increased its rates.',
  'Boil the pasta in salted water for ten minutes.',
  'Cook the spaghetti in hot water with salt until it is soft.',
] as const

/** Largest distance (1 less the cosine) of a text's vector from the one it gets alone; half precision and padding move it. */
const batchDistance = 0.01

export interface Vectors {
  /** Undefined where nothing tells it. */
  dimension?: number
  normalized: boolean
}

export function embeddingBody(model: string, input: string | readonly string[]): { [key: string]: Json } {
  return { model, input }
}

/** Where an interface has its vectors: `data.*.embedding`, say, with `*` for the place in the batch. */
interface VectorPlace {
  at: string
  vectors: Vectors
}

function vectorCheck({ at, vectors: { dimension, normalized } }: VectorPlace): JsonCheck {
  return {
    at,
    rule: 'vector',
    ...(dimension === undefined ? {} : { dimension }),
    ...(normalized && { normalized }),
  }
}

/** Checks of an answer to the sentences. */
export function batchChecks(place: VectorPlace): JsonCheck[] {
  return [vectorCheck(place), { at: place.at, rule: 'paired', pairs: sentences.length / 2 }]
}

const place = (vectors: Vectors): VectorPlace => ({ at: 'data.*.embedding', vectors })

/** Ready means that the named model made a vector of a text. */
export function embeddedTextProbe(model: string, vectors: Vectors, timeoutSeconds: number): HttpProbe {
  return {
    id: 'ready',
    group: 'ready',
    title: 'the named model embeds a text',
    required: true,
    request: { method: 'POST', path: '/v1/embeddings', body: embeddingBody(model, 'Hello') },
    expect: {
      type: 'json',
      status: 200,
      checks: [vectorCheck(place(vectors)), { at: 'model', rule: 'equals', value: model }],
    },
    timeoutSeconds,
  }
}

export function embeddingProbes(model: string, vectors: Vectors): HttpProbe[] {
  const path = '/v1/embeddings'
  const request = { method: 'POST', path, body: embeddingBody(model, sentences) } as const
  const shared = { group: 'serve', required: true, request, timeoutSeconds: 120 } as const
  const size = vectors.dimension === undefined ? '' : ` of ${vectors.dimension} numbers`
  return [
    {
      ...shared,
      id: 'embeddings',
      title: `embeddings are vectors${size}, and related texts are nearer than unrelated ones`,
      expect: {
        type: 'json',
        status: 200,
        checks: [
          { at: 'object', rule: 'equals', value: 'list' },
          { at: 'usage.prompt_tokens', rule: 'positive' },
          ...batchChecks(place(vectors)),
        ],
      },
    },
    {
      ...shared,
      id: 'embeddings-batch',
      title: `a text has the same vector alone as in a batch, within a distance of ${batchDistance}`,
      expect: { type: 'json', status: 200, checks: [] },
      compare: {
        request: { method: 'POST', path, body: embeddingBody(model, sentences[1]) },
        pairs: [{ at: 'data.1.embedding', as: 'data.0.embedding' }],
        within: batchDistance,
      },
    },
  ]
}
