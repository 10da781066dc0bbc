import { expect, onTestFinished, test } from 'vitest'
import { engineOf } from '../../../images/engines/engines.ts'
import { scorePerplexity } from '../../../pipelines/quality/scored.ts'
import { qualitySchema } from '../../../recipes/quality.ts'
import { type Asked, type Routes, sendJson, serve } from '../../servers/openai.ts'

/** Tokens are the bytes of a text behind one that opens it; each is predicted with a half, but `e` with a quarter. */
const opening = 1
const bytesOf = (text: unknown) => [...Buffer.from(String(text))]
const scoreOf = (token: number) => Math.log(token === 'e'.charCodeAt(0) ? 0.25 : 0.5)

function predicting(asked: Asked['body'][] = []): Routes {
  return {
    'POST /tokenize': ({ body }, response) => {
      const tokens = bytesOf(body['prompt'])
      sendJson(response, 200, { tokens: body['add_special_tokens'] === true ? [opening, ...tokens] : tokens })
    },
    'POST /v1/completions': ({ body }, response) => {
      asked.push(body)
      const tokens = body['prompt'] as number[]
      const scores = tokens.map((token, index) => (index === 0 ? null : scoreOf(token)))
      sendJson(response, 200, { choices: [{ text: '', logprobs: { token_logprobs: scores } }] })
    },
  }
}

async function scored(routes: Routes, text: string, asked: object = {}) {
  const server = await serve(routes)
  onTestFinished(() => server.close())
  const { scoring } = engineOf('vllm')
  const wish = qualitySchema.parse({
    perplexity: { text: './text.txt', contextTokens: 8, ...asked },
  }).perplexity
  if (scoring === undefined || wish === undefined) throw new Error('nothing to ask')
  const target = { url: server.url, model: 'tiny', key: null, signal: AbortSignal.timeout(60_000) }
  return scorePerplexity({ ...target, timeoutMs: 5000 }, scoring, { wish, text })
}

test('a text is scored piece by piece, each behind the token that opens a prompt', async () => {
  const asked: Asked['body'][] = []
  const found = await scored(predicting(asked), 'abcdefghijklmnop')
  expect(asked.map(({ prompt }) => prompt)).toEqual([
    [opening, ...bytesOf('abcdefg')],
    [opening, ...bytesOf('ijklmno')],
  ])
  // Of each the last three count: e, f, g and m, n, o.
  const mean = (5 * Math.log(2) + Math.log(4)) / 6
  expect(found).toMatchObject({
    value: Math.exp(mean).toFixed(4),
    file: './text.txt',
    contextTokens: 8,
    chunks: null,
    program: 'log-probabilities of /v1/completions',
  })
})

test('only so many pieces as are asked for', async () => {
  const asked: Asked['body'][] = []
  await scored(predicting(asked), 'abcdefghijklmnop', { chunks: 1 })
  expect(asked).toHaveLength(1)
})

test('a text that is shorter than a piece is told before anything is scored', async () => {
  await expect(scored(predicting(), 'abc')).rejects.toMatchObject({
    code: 'no-file',
    failure: { found: 'it has 4 tokens' },
  })
})

test.each([
  ['a refusal', 400, { error: { message: 'too long' } }, 'status 400'],
  ['an answer without scores', 200, { choices: [{ text: 'x' }] }, 'status 200'],
] as const)('%s ends it with the words of the server', async (_, status, body, words) => {
  const routes: Routes = {
    ...predicting(),
    'POST /v1/completions': (__, response) => sendJson(response, status, body),
  }
  await expect(scored(routes, 'abcdefghijklmnop')).rejects.toMatchObject({
    code: 'bad-answer',
    failure: { found: expect.stringContaining(words) },
  })
})
