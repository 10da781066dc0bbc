import { type Handler, model, type Routes, sendJson } from './openai.ts'

/** Small servers for tasks other than chat: each is good apart from the routes that a test puts in its place. */

export const dimension = 4

/** Two related texts and one of something else, by their place; a text alone has the vector it has in a batch. */
const vectors = [
  [0.8, 0.6, 0, 0],
  [0.6, 0.8, 0, 0],
  [0, 0, 0.6, 0.8],
]

export function vectorOf(text: string): number[] {
  const at = ['cat', 'kitten', 'bank'].findIndex((word) => text.includes(word))
  return vectors[Math.max(at, 0)] ?? []
}

type Vectorize = (text: string, count: number) => unknown

export function embeddings(vectorize: Vectorize = vectorOf): Routes {
  const handler: Handler = ({ body }, response) => {
    const texts = [body['input']].flat().map(String)
    sendJson(response, 200, {
      object: 'list',
      model,
      usage: { prompt_tokens: 3, total_tokens: 3 },
      data: texts.map((text, index) => ({ index, embedding: vectorize(text, texts.length) })),
    })
  }
  return { 'POST /v1/embeddings': handler }
}

export function rerank(score: (document: string) => unknown = scoreOf): Routes {
  return {
    'POST /v1/rerank': ({ body }, response) => {
      const documents = [body['documents']].flat().map(String)
      sendJson(response, 200, {
        results: documents.map((text, index) => ({ index, relevance_score: score(text) })),
      })
    },
  }
}

function scoreOf(document: string): number {
  return document.includes('enguin') ? 1.5 : -3
}
