import { expect, test } from 'vitest'
import { type AnswersFile, answersVersion, compareAnswers } from '../../../images/quality/answers.ts'
import { type JudgementStatus, joinedStatus } from '../../../images/quality/limit-result.ts'
import { judgeQuality } from '../../../images/quality/quality-report.ts'
import { judgeAnswer } from '../../../images/quality/questions.ts'
import { loadHtml } from '../../../images/report/load-html.ts'
import { loadJunit } from '../../../images/report/load-junit.ts'
import { loadMarkdown, loadText } from '../../../images/report/load-text.ts'
import { digestOf } from '../../../lib/digest.ts'
import { type CheckableQuestion, qualitySchema } from '../../../recipes/quality.ts'
import { loadReportOf } from '../load/sample.ts'

const question = (form: object): CheckableQuestion => {
  const [parsed] = qualitySchema.parse({ questions: [{ ask: 'a', ...form }] }).questions
  if (parsed === undefined) throw new Error('no question')
  return parsed
}

const pair = { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] }

test.each([
  [{ equals: 'Paris' }, ' paris.\n', true],
  [{ equals: 'Paris' }, 'It is Paris', false],
  [{ mentions: 'Paris' }, 'It is **Paris**!', true],
  [{ mentions: '4' }, 'It is 42.', false],
  [{ mentions: '4' }, 'It is 4.', true],
  [{ schema: pair }, '{"a": 1}', true],
  [{ schema: pair }, '```json\n{"a": 1}\n```', true],
  [{ schema: pair }, '{"a": "1"}', false],
  [{ schema: pair }, 'a is 1', false],
])('%j of %j: %j', (form, answer, right) => {
  expect(judgeAnswer(question(form), answer).right).toBe(right)
})

const recorded: AnswersFile = {
  answersVersion,
  image: digestOf('before'),
  model: 'tiny',
  engine: { id: 'llama-cpp', version: '0.7.0' },
  processor: 'EPYC 9',
  gpus: [],
  answers: [
    { prompt: 'one', answer: '311 million', tokens: 3 },
    { prompt: 'two', answer: 'Paris', tokens: 1 },
  ],
}

const now = {
  ...recorded,
  answers: [
    { prompt: 'one', answer: '321 million', tokens: 3 },
    { prompt: 'two', answer: 'Paris', tokens: 1 },
    { prompt: 'three', answer: 'new', tokens: 1 },
  ],
}

test('answers are the same to the character, and a difference has its place', () => {
  const compared = compareAnswers(now, recorded, './a.json')
  expect(compared.why).toEqual([])
  expect(compared.answers.map(({ status, sameCharacters }) => [status, sameCharacters])).toEqual([
    ['other', 1],
    ['same', 5],
    ['missing', 0],
  ])
})

test('a date that nothing fixes makes them answers of one day', () => {
  const compared = compareAnswers(recorded, recorded, './a.json', 'the template writes the date')
  expect(compared.why).toEqual(['the template writes the date'])
  expect(judgeQuality({ limits: ['answers >= 100%'] }, { answers: compared, questions: [] }).status).toBe(
    'not comparable',
  )
})

test.each([
  [{ processor: 'another' }, 'processor: EPYC 9, and here it is another'],
  [{ processor: null }, 'processor: EPYC 9, and here it is unknown'],
  [{ gpus: ['NVIDIA L4'] }, 'GPUs: none, and here it is NVIDIA L4'],
])('by %j the gate says nothing', (change, words) => {
  const compared = compareAnswers({ ...now, ...change }, recorded, './a.json')
  expect(compared.why.join()).toContain(words)
  const found = { answers: compared, questions: [] }
  expect(judgeQuality({ limits: ['answers >= 100%'] }, found).status).toBe('not comparable')
})

const questions = [
  { ask: 'x', right: true, expected: '"1"', answer: '1' },
  { ask: 'y | <b>', right: false, expected: '"2"', answer: '3' },
]

test.each([
  [['questions >= 50%'], 'passed', '1 of 2'],
  [['questions >= 51%'], 'failed', '1 of 2'],
  [['answers >= 33%'], 'passed', '1 of 3'],
  [['answers >= 100%'], 'failed', '1 of 3'],
])('%s: %s', (limits, status, observed) => {
  const found = { answers: compareAnswers(now, recorded, './a.json'), questions }
  expect(judgeQuality({ limits }, found)).toMatchObject({ status, limits: [{ observed }] })
})

test('a question that was not asked fails its limit', () => {
  expect(judgeQuality({ limits: ['questions >= 1%'] }, { questions: [] })).toMatchObject({
    status: 'failed',
    limits: [{ status: 'missing' }],
  })
})

const perplexity = {
  ...{ value: '15.6921', uncertainty: '0.46178', file: './text.txt', textSha256: 'ab'.repeat(32) },
  ...{ contextTokens: 512, chunks: 4, program: 'llama.cpp-tools-extra 1:0.7.0+dfsg-2' },
}

test.each([
  ['perplexity <= 15.7', 'passed'],
  ['perplexity <= 15.6', 'failed'],
])('%s: %s', (limit, status) => {
  expect(judgeQuality({ limits: [limit] }, { questions: [], perplexity })).toMatchObject({
    status,
    limits: [{ at: './text.txt', observed: '15.6921' }],
  })
})

test('a perplexity that was not measured fails its limit, and one that was is told digit by digit', () => {
  expect(judgeQuality({ limits: ['perplexity <= 99'] }, { questions: [] }).status).toBe('failed')
  const quality = qualitySchema.parse({ perplexity: { text: './text.txt' } })
  const judgement = judgeQuality(quality, { questions: [], perplexity })
  const change = { quality: { quality, questions: [], perplexity, judgement } }
  expect(loadText(loadReportOf({ change }))).toContain('Perplexity 15.6921 +/- 0.46178 over ./text.txt')
})

test('one failure makes the whole fail, and what cannot be compared hides no failure', () => {
  const joined = (...statuses: JudgementStatus[]) =>
    joinedStatus(statuses.map((status) => ({ status, limits: [] })))
  expect(joined('passed', 'no limits')).toBe('passed')
  expect(joined('passed', 'not comparable')).toBe('not comparable')
  expect(joined('not comparable', 'failed')).toBe('failed')
  expect(joined()).toBe('no limits')
})

test('every form of the report shows answers beside each other, with or without a load', () => {
  const quality = qualitySchema.parse({ answers: './a.json', limits: ['answers >= 100%'] })
  const found = { answers: compareAnswers(now, recorded, './a.json'), questions }
  const change = { quality: { quality, ...found, judgement: judgeQuality(quality, found) } }
  for (const report of [loadReportOf({ change }), loadReportOf({ steps: [], limits: [], change })]) {
    const hasLoad = report.steps.length > 0
    const page = loadHtml(report)
    expect(page).toContain('other after 1 characters')
    expect(page).toContain('y | &lt;b&gt;')
    expect(page.includes('<polyline')).toBe(hasLoad)
    const text = loadText(report)
    expect(text).toContain('expected "311 million"\n    found    "321 million"')
    expect(text).toContain('limits: failed')
    expect(text.includes('ttft')).toBe(hasLoad)
    expect(loadMarkdown(report)).toContain('| y \\| <b> | wrong | "2" | 3 |')
    expect(loadJunit(report)).toContain('classname="tiny.answers.answers"')
  }
})

const side = { file: 'x.gguf', sizeBytes: 271e6, perplexity: { value: '15.114830', uncertainty: '2.604968' } }
const speed = (perSecond: number) => ({ prompt: { perSecond, spread: 1 }, output: { perSecond, spread: 2 } })
const divergence = {
  mean: { value: '0.004188', uncertainty: '0.000277' },
  ...{ median: '0.003327', p99: '0.018956', most: '0.042241' },
  sameTop: { value: '96.825', uncertainty: '1.107' },
  ...{ file: './text.txt', textSha256: 'ab'.repeat(32), contextTokens: 512, chunks: 8, program: 'p 1' },
  reference: { ...side, name: 'the source', speed: speed(40) },
  image: { ...side, name: 'this image', sizeBytes: 98.4e6, speed: speed(60) },
}

test.each([
  ['divergence <= 0.005', 'passed', '0.004188'],
  ['divergence <= 0.004', 'failed', '0.004188'],
  ['agreement >= 96%', 'passed', '96.825 %'],
  ['agreement >= 97%', 'failed', '96.825 %'],
])('%s: %s', (limit, status, observed) => {
  expect(judgeQuality({ limits: [limit] }, { questions: [], divergence })).toMatchObject({
    status,
    limits: [{ at: 'beside the source', observed }],
  })
  expect(judgeQuality({ limits: [limit] }, { questions: [] }).limits[0]?.status).toBe('missing')
})

test('every form shows both weights beside each other, with what one has of the other', () => {
  const quality = qualitySchema.parse({ divergence: { text: './text.txt' } })
  const judgement = judgeQuality(quality, { questions: [], divergence })
  const report = loadReportOf({ change: { quality: { quality, questions: [], divergence, judgement } } })
  const row = /98\.4 MB \(x 0\.36\).*15\.114830 \+\/- 2\.604968.*60\.0 \+\/- 1\.0 \(x 1\.50\)/s
  for (const text of [loadText(report), loadMarkdown(report), loadHtml(report)]) {
    expect(text).toMatch(row)
    expect(text).toContain('tokens diverge by 0.004188 +/- 0.000277 nats')
    expect(text).toContain('96.825 +/- 1.107 % have the same most likely one')
  }
})
