import { expect, test } from 'vitest'
import { loadPrompt, questionsOf, tokenRateOf } from '../../../images/load/questions.ts'
import { arrivalTimes, randomNumbers } from '../../../images/load/random.ts'
import { fitTimes, quantilesOf, spreadOf } from '../../../images/load/statistics.ts'

test('percentiles are values that were measured', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1)
  expect(quantilesOf(hundred.toReversed())).toEqual({ p50: 50, p90: 90, p99: 99 })
  expect(quantilesOf([3, 1, 2])).toEqual({ p50: 2, p90: 3, p99: 3 })
  expect(quantilesOf([7])).toEqual({ p50: 7, p90: 7, p99: 7 })
  expect(quantilesOf([])).toBeNull()
})

const lengths = [
  [256, 32],
  [64, 64],
  [128, 16],
  [16, 100],
] as const

const timed = (perIn: number, perOut: number, noise: readonly number[] = [0, 0, 0, 0]) =>
  lengths.map(([inputTokens, outputTokens], index) => ({
    inputTokens,
    outputTokens,
    totalMs: inputTokens * perIn + outputTokens * perOut + (noise[index] ?? 0),
  }))

test('exact times are fitted exactly', () => {
  const model = fitTimes(timed(0.5, 20))
  expect(model?.prefillMsPerToken).toBeCloseTo(0.5, 9)
  expect(model?.decodeMsPerToken).toBeCloseTo(20, 9)
  expect(model?.residual).toBeCloseTo(0, 9)
})

test('the residual says how far requests lie from the model', () => {
  const model = fitTimes(timed(0.5, 20, [100, -100, 100, -100]))
  expect(model?.residual).toBeGreaterThan(0.03)
  expect(model?.residual).toBeLessThan(0.15)
})

test.each([
  ['two requests', timed(1, 1).slice(0, 2)],
  ['one shape', Array.from({ length: 8 }, () => ({ inputTokens: 64, outputTokens: 64, totalMs: 500 }))],
  ['nothing', []],
])('of %s no model is made', (_, requests) => {
  expect(fitTimes(requests)).toBeNull()
})

test('a spread is a share of the mean', () => {
  expect(spreadOf(90, 110)).toBeCloseTo(0.2)
  expect(spreadOf(5, 5)).toBe(0)
  expect(spreadOf(null, 5)).toBeNull()
})

test('arrivals come at the rate, in order, and the same for one seed', () => {
  const times = arrivalTimes(4000, 5, 1)
  expect(times).toEqual(arrivalTimes(4000, 5, 1))
  expect(times).not.toEqual(arrivalTimes(4000, 5, 2))
  expect(times[0]).toBe(0)
  expect(times).toEqual(times.toSorted((a, b) => a - b))
  // 4000 draws: the mean of an exponential is off by 1.6 % (one standard deviation).
  expect((times.at(-1) ?? 0) / 1000 / 3999).toBeCloseTo(0.2, 1)
  const next = randomNumbers(7)
  const drawn = Array.from({ length: 1000 }, next)
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...drawn)).toBeLessThan(1)
})

test('questions have their lengths in turn, and none is asked twice', () => {
  const shapes = [
    { inputTokens: 100, outputTokens: 8 },
    { inputTokens: 20, outputTokens: 16 },
  ]
  const rate = tokenRateOf({ words: 16, tokens: 46 }, { words: 80, tokens: 110 })
  expect(rate).toEqual({ perWord: 1, around: 30, from: 'usage' })
  const steps = [0, 1].map((step) => questionsOf({ shapes, requests: 6 }, rate, step))
  const prompts = steps.flat().map(({ prompt }) => prompt)
  expect(new Set(prompts).size).toBe(12)
  expect(prompts.slice(0, 2).map((prompt) => prompt.split(' ').length)).toEqual([70, 1])
  expect(steps[0]?.map(({ outputTokens }) => outputTokens)).toEqual([8, 16, 8, 16, 8, 16])
  expect(loadPrompt(5, 3)).toBe(loadPrompt(5, 3))
})

test('without counts of the server lengths are assumed, and that is said', () => {
  expect(tokenRateOf({ words: 16, tokens: null }, { words: 80, tokens: null }).from).toBe('assumed')
})
