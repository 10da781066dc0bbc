import { expect, test } from 'vitest'
import { judgeLoad } from '../../../images/load/judgement.ts'
import { requestOf, stepOf, usersStep } from './sample.ts'

const steps = [usersStep(1), usersStep(4, 2), usersStep(1, 1, true)]

const resultsOf = (text: string) =>
  judgeLoad(steps, [text], []).limits.map(({ at, status, observed }) => `${at}: ${status}, ${observed}`)

test.each([
  ['ttft p50 <= 60ms at 4 users', ['4 users: failed, 104 ms']],
  ['ttft p99 <= 1s at 4 users', ['4 users: passed, 296 ms']],
  [
    'itl p90 <= 20ms',
    ['1 user: passed, 20.0 ms', '4 users: failed, 40.0 ms', '1 user, again: passed, 20.0 ms'],
  ],
  [
    'decode >= 30 tokens/s at 1 user',
    ['1 user: passed, 50.0 tokens/s', '1 user, again: passed, 50.0 tokens/s'],
  ],
  ['output >= 201 tokens/s at 4 users', ['4 users: failed, 200.0 tokens/s']],
  ['requests >= 8 requests/s at 4 users', ['4 users: passed, 8.0 requests/s']],
  ['errors <= 0% at 4 users', ['4 users: passed, 0.0 %']],
  ['ttft p50 <= 1s at 2 users', ['nowhere: missing, no step of this load was measured']],
  ['goodput >= 1% at 4 users', ['4 users: missing, nothing was measured']],
])('%s', (text, results) => {
  expect(resultsOf(text)).toEqual(results)
})

test('a value that is missing fails the gate, as a limit that is not kept', () => {
  const unanswered = [stepOf({ type: 'users', users: 1 }, [requestOf({ error: 'status 500' })])]
  expect(judgeLoad(unanswered, ['ttft p50 <= 1s'], [])).toMatchObject({
    status: 'failed',
    limits: [{ status: 'missing', observed: 'nothing was measured' }],
  })
  expect(judgeLoad(unanswered, ['errors <= 0%'], []).status).toBe('failed')
  expect(judgeLoad(steps, ['itl p50 <= 1s'], []).status).toBe('passed')
})

test('what the engine counts itself has limits, and one that does not tell fails', () => {
  const engine = { cachePeak: 0.92, preemptions: 2, runningPeak: 4, waitingPeak: 0, readings: 3 }
  const told = [{ ...usersStep(4), engine }]
  const of = (limit: string, of = told) => judgeLoad(of, [limit], []).limits[0]
  expect(of('cache <= 90%')).toMatchObject({ status: 'failed', observed: '92.0 %' })
  expect(of('cache <= 95% at 4 users')).toMatchObject({ status: 'passed' })
  expect(of('preemptions <= 2')).toMatchObject({ status: 'passed', observed: '2' })
  expect(of('preemptions <= 0')).toMatchObject({ status: 'failed' })
  const untold = { status: 'missing', observed: 'the engine does not tell it' }
  expect(of('preemptions <= 0', [{ ...usersStep(4), engine: { ...engine, preemptions: 0 } }])).toMatchObject({
    status: 'passed',
  })
  expect(judgeLoad([usersStep(4)], ['cache <= 90%'], []).limits[0]).toMatchObject(untold)
})

test('a busy machine neither passes nor fails, and shows what it measured', () => {
  const judged = judgeLoad(steps, ['itl p50 <= 1s', 'itl p50 <= 1ms'], ['others used 40 %'])
  expect(judged.status).toBe('not comparable')
  expect(new Set(judged.limits.map(({ status }) => status))).toEqual(new Set(['passed', 'failed']))
})

test('without limits there is nothing to say', () => {
  expect(judgeLoad(steps, [], ['busy'])).toEqual({ status: 'no limits', limits: [] })
})

test('goodput counts the requests that keep every objective, and a failed one keeps none', () => {
  const requests = [
    requestOf(),
    requestOf({ ttftMs: 900 }),
    requestOf({ itlMs: 90 }),
    requestOf({ error: 'status 500' }),
  ]
  const goodput = (objectives: object) =>
    stepOf({ type: 'rate', perSecond: 2 }, requests, { objectives }).figures.goodput
  expect(goodput({ ttft: '500ms' })).toBe(0.5)
  expect(goodput({ ttft: '500ms', itl: '50ms' })).toBe(0.25)
  expect(goodput({ e2e: '0.5s', itl: '50ms' })).toBe(0.25)
  expect(goodput({})).toBeNull()
})

test('cached tokens are no work: neither the rate of prefill nor the model counts them', () => {
  const cached = stepOf({ type: 'users', users: 1 }, [requestOf({ inputTokens: 100, cachedTokens: 60 })])
  expect(cached.figures.prefillTokensPerSecond).toBe(200)
})
