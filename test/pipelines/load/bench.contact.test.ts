import { expect, test } from 'vitest'
import type { LoadReport } from '../../../images/load/load-report.ts'
import type { LoadRequest } from '../../../images/load/step.ts'
import { planImage } from '../../../images/plan/plan.ts'
import { type BenchContext, benchImage } from '../../../pipelines/load/bench-image.ts'
import { silentProgress } from '../../../pipelines/process/progress.ts'
import { loadSchema } from '../../../recipes/load.ts'
import { lockFor, recipeFor } from '../../images/engines/fixtures.ts'
import { report } from '../../images/report-sample.ts'
import { type LoadedServer, loadedRoutes } from '../../servers/loaded.ts'
import { model, type Routes, serve, type TinyServer } from '../../servers/openai.ts'
import { runnerOf, type TinyRunner } from '../../servers/runner.ts'
import { plan as tinyPlan } from '../verify/plan.ts'

interface Bench {
  load: object
  routes?: Routes | ((server: TinyServer) => Routes)
  runner?: TinyRunner
  context?: Partial<BenchContext>
  verify?: object
}

/** Puts a load on a small server as if it had been booted from an image. The machine of a test may be busy. */
async function bench({ load, routes = loadedRoutes(), runner = {}, context, verify }: Bench) {
  const recipe = recipeFor('llama-cpp')
  const plan = { ...planImage(recipe, lockFor(recipe)), model, verify: { ...tinyPlan.verify, ...verify } }
  const origin = {
    ...{ file: 'x.yaml', folder: '.', lockFile: 'x.lock.json', lock: lockFor(recipe) },
    recipe: { ...recipe, verify: { ...recipe.verify, load: loadSchema.parse({ ...small, ...load }) } },
  }
  const { report: made } = await benchImage(
    { plan, report: report(), mounts: [], origin },
    {
      runner: runnerOf(() => serve(routes), runner),
      progress: silentProgress,
      signal: new AbortController().signal,
      before: null,
      recorded: null,
      records: false,
      predict: () => Promise.reject(new Error('no program is here')),
      diverge: () => Promise.reject(new Error('no program is here')),
      judgesBusy: true,
      idleMs: 10,
      ...context,
    },
  )
  return made
}

const small = {
  concurrency: [1, 2, 4],
  requests: 6,
  shapes: [
    { inputTokens: 60, outputTokens: 4 },
    { inputTokens: 20, outputTokens: 8 },
  ],
}

const server = (given: LoadedServer) => ({ routes: loadedRoutes(given) })

/** Most requests under way at once, by their times. */
function mostUnderWay(requests: readonly LoadRequest[]): number {
  const beginnings = requests.map(({ dueMs, lateMs }) => dueMs + lateMs)
  return Math.max(
    ...beginnings.map(
      (now) => requests.filter((one) => one.dueMs + one.lateMs <= now && now < one.dueMs + one.e2eMs).length,
    ),
  )
}

test('three concurrencies are measured, and their limits pass', async () => {
  const limits = ['ttft p99 <= 60s at 4 users', 'errors <= 0%', 'decode >= 0.01 tokens/s']
  const made = await bench({ load: { limits } })
  expect(made.judgement.status).toBe('passed')
  expect(made.steps.map(({ pattern, isRepeat }) => [pattern, isRepeat])).toEqual([
    [{ type: 'users', users: 1 }, false],
    [{ type: 'users', users: 2 }, false],
    [{ type: 'users', users: 4 }, false],
    [{ type: 'users', users: 1 }, true],
  ])
  for (const { requests, pattern } of made.steps) {
    expect(requests).toHaveLength(6)
    expect(requests.map(({ outputTokens }) => outputTokens)).toEqual([4, 8, 4, 8, 4, 8])
    expect(mostUnderWay(requests)).toBeLessThanOrEqual(pattern.type === 'users' ? pattern.users : 0)
  }
  expect(made.tokenRate).toEqual({ perWord: 2, around: 10, from: 'usage' })
  expect(made.steps[0]?.requests.map(({ inputTokens }) => inputTokens)).toEqual([60, 20, 60, 20, 60, 20])
  expect(made.steps[0]?.figures.model?.requests).toBe(6)
})

test('a slow server fails the gate', async () => {
  const limits = ['ttft p50 <= 200ms at 4 users', 'itl p50 <= 60s']
  const made = await bench({ load: { limits, requests: 4 }, ...server({ firstMs: 400 }) })
  expect(made.judgement).toMatchObject({
    status: 'failed',
    limits: [{ status: 'failed' }, ...Array(4).fill({ status: 'passed' })],
  })
})

test('a chunk with a role alone does not start the clock', async () => {
  const made = await bench({ load: { concurrency: [1], requests: 2 }, ...server({ firstMs: 300 }) })
  // Node's timers may fire a millisecond early.
  for (const { ttftMs } of made.steps.flatMap(({ requests }) => requests))
    expect(ttftMs).toBeGreaterThanOrEqual(298)
})

test('requests that are refused are errors, and no answer of them counts', async () => {
  const made = await bench({
    load: { concurrency: [1], limits: ['errors <= 0%', 'errors <= 99%'] },
    ...server({ refuses: 3 }),
  })
  const [first] = made.steps
  expect(first?.figures.errors).toBeCloseTo(1 / 3)
  expect(first?.requests.find(({ error }) => error !== null)?.error).toContain('status 503')
  expect(made.judgement.limits.map(({ status }) => status)).toEqual(['failed', 'failed', 'passed', 'passed'])
})

test('a server that counts no tokens has its pieces counted, and no model of time', async () => {
  const made = await bench({ load: { concurrency: [1] }, ...server({ counts: false }) })
  const [first] = made.steps
  expect(first?.requests[0]).toMatchObject({ outputTokens: 4, outputFrom: 'pieces', inputTokens: null })
  expect(first?.figures).toMatchObject({ model: null, prefillTokensPerSecond: null })
  expect(made.tokenRate.from).toBe('assumed')
})

test('at a rate every request is timed from when it was due, also behind a server that hangs', async () => {
  const made = await bench({
    load: { concurrency: [], rates: [200], requests: 8, shapes: [{ inputTokens: 20, outputTokens: 2 }] },
    ...server({ slots: 1, firstMs: 100 }),
  })
  const [first] = made.steps
  const ends = first?.requests.map(({ dueMs, e2eMs }) => dueMs + e2eMs) ?? []
  // One after the other, 100 ms each; a closed loop would have shown 100 ms for each of them.
  expect(Math.max(...ends)).toBeGreaterThanOrEqual(780)
  expect(first?.figures.e2eMs?.p99).toBeGreaterThan(400)
  expect(first?.requests.map(({ dueMs }) => dueMs)).toEqual(
    first?.requests.map(({ dueMs }) => dueMs).toSorted((a, b) => a - b),
  )
})

/** Processors of which others use half, whatever the server does. */
function busyProcessors(): () => string {
  let ticks = 0
  return () => {
    ticks += 100
    return `cpu  ${ticks / 2} 0 0 ${ticks / 2} 0 0 0 0 0 0\nserver 0\n`
  }
}

test.each([
  [false, 'not comparable'],
  [true, 'passed'],
])('on a busy machine, with --although-busy %j, limits are: %s', async (judgesBusy, status) => {
  const made = await bench({
    load: { concurrency: [1], limits: ['ttft p99 <= 60s'] },
    runner: { processors: busyProcessors() },
    context: { judgesBusy },
  })
  expect(made.judgement.status).toBe(status)
  expect(made.noise.busy[0]).toBe('others used 50 % of the processors while the server was idle')
})

test('the engine’s own page is read while each step runs, and its limits are judged', async () => {
  let underWay = 0
  let most = 0
  const good = loadedRoutes({ firstMs: 700 })['POST /v1/chat/completions']
  const routes: Routes = {
    'POST /v1/chat/completions': async (question, response) => {
      underWay += 1
      most = Math.max(most, underWay)
      await good?.(question, response)
      underWay -= 1
    },
    'GET /metrics': (_, response) => {
      response.writeHead(200).end(`llamacpp:requests_processing ${underWay}\nllamacpp:requests_deferred 0\n`)
    },
  }
  const limits = ['preemptions <= 0 at 2 users']
  const made = await bench({ load: { concurrency: [2], requests: 4, limits }, routes })
  const [first] = made.steps
  expect(most).toBe(2)
  expect(first?.engine).toMatchObject({ cachePeak: null, preemptions: null, runningPeak: 2, waitingPeak: 0 })
  // One before it, one behind it, and those in the 1.4 s between.
  expect(first?.engine?.readings).toBeGreaterThanOrEqual(3)
  expect(made.judgement.limits[0]).toMatchObject({
    status: 'missing',
    observed: 'the engine does not tell it',
  })
})

test('a server without such a page is measured all the same', async () => {
  const made = await bench({ load: { concurrency: [1], requests: 1 } })
  expect(made.steps[0]).not.toHaveProperty('engine')
})

test('a server that ends under its load is told, with its exit code and its log', async () => {
  const routes = (tiny: TinyServer): Routes => {
    const good = loadedRoutes()
    let asked = 0
    return {
      'POST /v1/chat/completions': (question, response) => {
        asked += 1
        if (asked < 5) return good['POST /v1/chat/completions']?.(question, response)
        tiny.log += 'out of memory\n'
        tiny.die(137)
      },
    }
  }
  await expect(bench({ load: {}, routes })).rejects.toMatchObject({
    code: 'not-verified',
    failure: { found: expect.stringMatching(/exit code 137[\s\S]*out of memory/) },
  })
})

test('a server behind a key is given one, and asked with it', async () => {
  const good = loadedRoutes()['POST /v1/chat/completions']
  const tokens = new Set<string | undefined>()
  const routes: Routes = {
    'POST /v1/chat/completions': (question, response) => {
      tokens.add(question.token)
      return good?.(question, response)
    },
  }
  const verify = { apiKey: { variable: 'KEY', open: [] } }
  await bench({ load: { concurrency: [1], requests: 1 }, routes, verify })
  expect([...tokens]).toEqual([expect.stringMatching(/^ingot-[0-9a-f]{48}$/)])
})

test('a server that makes vectors has no load of tokens', async () => {
  const ask = { path: '/v1/embeddings', bodyFor: 'openai-embedding', textAt: null }
  const verify = { behaviour: { ...tinyPlan.verify.behaviour, ask } }
  await expect(bench({ load: {}, verify })).rejects.toMatchObject({
    code: 'usage',
    failure: { found: 'its server generates no text: it is asked at /v1/embeddings' },
  })
})

test('an accepted report stands beside the new one', async () => {
  const load = { concurrency: [1], requests: 2 }
  const before: LoadReport = await bench({ load })
  const made = await bench({ load, context: { before } })
  expect(made.comparison?.figures.map(({ metric }) => metric)).toEqual(['ttft p50', 'itl p50', 'e2e p50'])
})
