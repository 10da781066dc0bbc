import { expect, test } from 'vitest'
import { questionsOf } from '../../../images/load/questions.ts'
import { readPrompts } from '../../../images/load/real-prompts.ts'
import { compareLoads } from '../../../images/load/regression.ts'
import { loadReportOf } from './sample.ts'

test.each([
  [
    'How far is the moon?\r\n\n  Why?\n',
    [
      ['How far is the moon?', null],
      ['Why?', null],
    ],
  ],
  [
    '{"prompt":"one\\ntwo","outputTokens":5}\n{"prompt":"three"}',
    [
      ['one\ntwo', 5],
      ['three', null],
    ],
  ],
])('%j is read', (text, prompts) => {
  expect(readPrompts(text)).toEqual(prompts.map(([prompt, outputTokens]) => ({ prompt, outputTokens })))
})

test.each([
  ['', 1],
  ['\n\n', 1],
  ['{"prompt":"one"}\nplain', 2],
  ['{"prompt":"one"}\n\n{"prompt":""}', 3],
  ['{"prompt":"one","outputTokens":1}', 1],
  ['{"text":"one"}', 1],
])('%j is refused, at line %d', (text, line) => {
  expect(readPrompts(text)).toMatchObject({ line, found: expect.any(String) })
})

test('prompts of a file are asked in turn over all steps, with the lengths of the shapes where they have none', () => {
  const shapes = [
    { inputTokens: 8, outputTokens: 4 },
    { inputTokens: 8, outputTokens: 6 },
  ]
  const real = [
    { prompt: 'a', outputTokens: null },
    { prompt: 'b', outputTokens: 99 },
    { prompt: 'c', outputTokens: null },
  ]
  const rate = { perWord: 1, around: 0, from: 'usage' } as const
  const asked = [0, 1].flatMap((step) => questionsOf({ shapes, requests: 2 }, rate, step, real))
  expect(asked).toEqual([
    { prompt: 'a', outputTokens: 4 },
    { prompt: 'b', outputTokens: 99 },
    { prompt: 'c', outputTokens: 4 },
    { prompt: 'a', outputTokens: 6 },
  ])
})

test('runs of other prompts are not compared', () => {
  const prompts = (sha256: string) => ({ prompts: { file: 'x.txt', sha256, count: 2 } })
  const before = loadReportOf({ change: prompts('a') })
  expect(compareLoads(loadReportOf({ change: prompts('a') }), before).status).toBe('as before')
  for (const change of [prompts('b'), {}])
    expect(compareLoads(loadReportOf({ change }), before)).toMatchObject({
      status: 'not comparable',
      why: ['the load is another one'],
    })
})
