import { recording } from '../../images/boot/recording.ts'
import { type Handler, model, type Routes, sendJson } from './openai.ts'

/** Small servers for tasks other than chat: each is good apart from the routes that a test puts in its place. */

export const dimension = 4

/** Related texts by a word of theirs, pair after pair; a text alone has the vector it has in a batch. */
const vectors: readonly [string, readonly number[]][] = [
  ['cat', [0.8, 0.6, 0, 0]],
  ['kitten', [0.6, 0.8, 0, 0]],
  ['central', [0, 0, 0.6, 0.8]],
  ['Borrowing', [0, 0, 0.8, 0.6]],
  ['pasta', [-0.8, 0, -0.6, 0]],
  ['spaghetti', [-0.6, 0, -0.8, 0]],
]

export function vectorOf(text: string): readonly number[] {
  return (vectors.find(([word]) => text.includes(word)) ?? vectors[0])?.[1] ?? []
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

/** What a server of transcription does with a sound file: gives the text, or nothing for what is no sound. */
type Transcribe = (wav: Buffer, fields: { [key: string]: unknown }) => unknown

/** A server that hears what was said in the recording that ingot brings, apart from the function given. */
export function transcription(transcribe: Transcribe = () => ` ${recording.said}\n`): Routes {
  return {
    'POST /v1/audio/transcriptions': async ({ body }, response) => {
      const wav = body['file'] instanceof File ? Buffer.from(await body['file'].arrayBuffer()) : Buffer.of()
      if (wav.toString('latin1', 0, 4) !== 'RIFF')
        return void response.writeHead(400, { 'content-type': 'text/plain' }).end('Invalid request')
      const text = transcribe(wav, body)
      const segments = [{ id: 0, text, start: 0, end: 2.4 }]
      const times = body['response_format'] === 'verbose_json' ? { duration: 2.8, segments } : {}
      sendJson(response, 200, { text, ...times })
    },
  }
}

export function rerank(score: (document: string, query: string) => unknown = scoreOf): Routes {
  return {
    'POST /v1/rerank': ({ body }, response) => {
      const documents = [body['documents']].flat().map(String)
      sendJson(response, 200, {
        results: documents.map((text, index) => ({
          index,
          relevance_score: score(text, String(body['query'])),
        })),
      })
    },
  }
}

function scoreOf(document: string, query: string): number {
  return ['enguin', 'heese'].some((word) => document.includes(word) && query.includes(word)) ? 1.5 : -3
}
