import { expect, test } from 'vitest'
import { parseQualityLimit, qualitySchema } from '../../recipes/quality.ts'

test.each([
  ['answers >= 100%', { metric: 'answers', value: 1 }],
  ['questions >= 90 %', { metric: 'questions', value: 0.9 }],
  ['perplexity <= 12.5', { metric: 'perplexity', value: 12.5 }],
  ['divergence <= 0.05', { metric: 'divergence', value: 0.05 }],
  ['agreement >= 95%', { metric: 'agreement', value: 0.95 }],
])('%s', (text, limit) => {
  expect(parseQualityLimit(text)).toEqual({ text, ...limit })
})

test.each(['answers >= 101%', 'answers <= 90%', 'answers >= 1', 'wisdom >= 90%', ''])(
  '%j is no limit',
  (text) => {
    expect(parseQualityLimit(text)).toBeNull()
  },
)

const issuesOf = (value: object) =>
  qualitySchema.safeParse(value).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)

test('a parsed quality is parsed as itself', () => {
  const quality = qualitySchema.parse({ questions: [{ ask: '1 + 1?', mentions: '2' }], answers: './a.json' })
  expect(qualitySchema.parse(quality)).toEqual(quality)
})

test.each([
  [{ questions: [{ ask: 'a' }] }, 'questions.0.ask: one of equals, mentions and schema beside it'],
  [
    { questions: [{ ask: 'a', equals: 'b', mentions: 'c' }] },
    'questions.0.ask: one of equals, mentions and schema beside it',
  ],
  [{ questions: [{ ask: 'a', mentions: 'two words' }] }, 'questions.0.mentions: one word or number'],
  [{ limits: ['answers >= 90%'] }, 'limits.0: answers beside it'],
  [{ limits: ['questions >= 90%'] }, 'limits.0: questions beside it'],
  [{ limits: ['perplexity <= 25'] }, 'limits.0: perplexity beside it'],
  [{ limits: ['agreement >= 95%'] }, 'limits.0: divergence beside it'],
  [
    { divergence: { text: './t.txt', contextTokens: 64, chunks: 3 } },
    'divergence.chunks: more of them, or longer ones: of fewer than 100 compared tokens llama-perplexity tells no figures',
  ],
  [
    { limits: ['perplexity'] },
    'limits.0: a limit such as "answers >= 100%", "questions >= 90%", "perplexity <= 25", "divergence <= 0.05" or "agreement >= 95%"',
  ],
])('%j: %s', (value, issue) => {
  expect(issuesOf(value)).toEqual([issue])
})
