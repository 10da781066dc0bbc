import { expect, test } from 'vitest'
import { engineOf } from '../../../images/engines/engines.ts'
import { openingToken, perplexityOf, textPieces } from '../../../images/quality/scores.ts'

const tokens = Array.from({ length: 21 }, (_, index) => index)

test.each([
  [{ contextTokens: 8, chunks: null, opening: null }, [tokens.slice(0, 8), tokens.slice(8, 16)]],
  [{ contextTokens: 8, chunks: 1, opening: null }, [tokens.slice(0, 8)]],
  [
    { contextTokens: 10, chunks: 5, opening: 99 },
    [
      [99, ...tokens.slice(1, 10)],
      [99, ...tokens.slice(11, 20)],
    ],
  ],
  [{ contextTokens: 22, chunks: null, opening: null }, []],
])('a text is cut into %j', (wish, pieces) => {
  expect(textPieces(tokens, wish)).toEqual(pieces)
})

test('the token that prompts open with is told by what it is beside', () => {
  expect(openingToken([1, 50, 60], [50, 60])).toBe(1)
  expect(openingToken([50, 60], [50, 60])).toBeNull()
  // A closing token is none.
  expect(openingToken([50, 60, 2], [50, 60])).toBeNull()
})

test('the second half of each piece counts, as the exponential of the mean of what was negative', () => {
  const certain = Array(4).fill(0)
  const ofHalf = Math.log(0.5)
  // Of 8 tokens the last three are predicted from five and more: a model that halves each time is at 2.
  expect(perplexityOf([[null, ...certain, ofHalf, ofHalf, ofHalf]])).toEqual({
    value: '2.0000',
    uncertainty: '0.00000',
  })
  // What comes before does not count.
  expect(perplexityOf([[null, -9, -9, -9, -9, ofHalf, ofHalf, ofHalf]])?.value).toBe('2.0000')
  const [a, b, c] = [-1, -2, -6]
  const mean = 3
  const error = Math.sqrt(((1 + 4 + 36) / 3 - mean ** 2) / 2)
  expect(perplexityOf([[null, 0, 0, 0, 0, a, b, c]])).toEqual({
    value: Math.exp(mean).toFixed(4),
    uncertainty: (error * Math.exp(mean)).toFixed(5),
  })
})

test('a token without a score makes no figure', () => {
  expect(perplexityOf([[null, 0, 0, 0, 0, null, -1, -1]])).toBeNull()
  expect(perplexityOf([])).toBeNull()
})

const answers = {
  vllm: { choices: [{ logprobs: { token_logprobs: [null, -0.5, -2] } }] },
  sglang: {
    meta_info: {
      input_token_logprobs: [
        [null, 5, null],
        [-0.5, 6, null],
        [-2, 7, null],
      ],
    },
  },
} as const

test.each(['vllm', 'sglang'] as const)('%s is asked for scores of tokens, and generates none', (id) => {
  const scoring = engineOf(id).scoring
  const request = scoring?.score('tiny', [5, 6, 7])
  expect(JSON.stringify(request?.body)).toContain('[5,6,7]')
  expect(JSON.stringify(request?.body)).toMatch(/"max_(new_)?tokens":0/)
  expect(scoring?.scoresIn(answers[id])).toEqual([null, -0.5, -2])
  expect(scoring?.scoresIn({ error: 'no' })).toBeNull()
  expect(scoring?.tokensIn({ tokens: [1, 2], count: 2 })).toEqual([1, 2])
  expect(scoring?.tokensIn({ tokens: ['1'] })).toBeNull()
})
