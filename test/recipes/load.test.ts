import { expect, test } from 'vitest'
import { loadSchema, usualLoad } from '../../recipes/load.ts'
import { parseLoadLimit, parseTime } from '../../recipes/load-limits.ts'
import { parseRecipe } from '../../recipes/parse.ts'

test.each([
  ['ttft p99 <= 800ms at 8 users', 'ttft', 99, 800, { type: 'users', users: 8 }],
  ['ttft p50 <= 0.8s at 1 user', 'ttft', 50, 800, { type: 'users', users: 1 }],
  ['itl p90 <= 50 ms', 'itl', 90, 50, { type: 'everywhere' }],
  ['e2e p50 <= 2s at 2.5 requests/s', 'e2e', 50, 2000, { type: 'rate', perSecond: 2.5 }],
  ['output >= 200 tokens/s at 4 users', 'output', null, 200, { type: 'users', users: 4 }],
  ['decode >= 20 tokens/s', 'decode', null, 20, { type: 'everywhere' }],
  ['prefill >= 500 tokens/s', 'prefill', null, 500, { type: 'everywhere' }],
  ['requests >= 2 requests/s at 2 requests/s', 'requests', null, 2, { type: 'rate', perSecond: 2 }],
  ['errors <= 0%', 'errors', null, 0, { type: 'everywhere' }],
  ['cache <= 90% at 4 users', 'cache', null, 0.9, { type: 'users', users: 4 }],
  ['preemptions <= 0', 'preemptions', null, 0, { type: 'everywhere' }],
  ['goodput >= 95 %', 'goodput', null, 0.95, { type: 'everywhere' }],
])('%s', (text, metric, percentile, value, at) => {
  expect(parseLoadLimit(text)).toMatchObject({ text, metric, percentile, value, at })
})

test.each([
  'ttft <= 800ms',
  'ttft p95 <= 800ms',
  'ttft p99 >= 800ms',
  'ttft p99 <= 800',
  'output >= 200',
  'output <= 200 tokens/s',
  'decode p50 >= 20 tokens/s',
  'errors <= 101%',
  'errors <= 0',
  'cache >= 10%',
  'preemptions <= 0%',
  'latency p99 <= 1s',
  'ttft p99 <= 800ms at users',
  '',
])('%j is no limit', (text) => {
  expect(parseLoadLimit(text)).toBeNull()
})

test('times have a unit', () => {
  expect(['800ms', '2s', '0.5 s', '800', '2 min', '-1s'].map(parseTime)).toEqual([
    800,
    2000,
    500,
    null,
    null,
    null,
  ])
})

test('the usual load has no limits, and a parsed load is parsed as itself', () => {
  const load = usualLoad()
  expect(load.limits).toEqual([])
  expect(loadSchema.parse(load)).toEqual(load)
})

const recipe = (load: string) => `name: x
model: { name: x }
engine: { id: llama-cpp }
weights: { source: { type: folder, path: ./x } }
verify:
  load:
${load
  .split('\n')
  .map((line) => `    ${line}`)
  .join('\n')}
`

function problemsOf(load: string): string[] {
  const parsed = parseRecipe(recipe(load), 'x.yaml')
  return parsed.ok ? [] : parsed.problems.map(({ line, column, message }) => `${line}:${column}: ${message}`)
}

test.each([
  ['concurrency: [1, 8]\nlimits: ["ttft p99 <= 800ms at 8 users"]', []],
  [
    'limits: ["ttft p99 <= 800ms at 8 users"]',
    [
      '7:14: expected a step of 8 users in concurrency, where this limit can be measured, found "ttft p99 <= 800ms at 8 users"',
    ],
  ],
  [
    'rates: [1]\nlimits: ["errors <= 0% at 2 requests/s"]',
    [
      '8:14: expected a step of 2 requests/s in rates, where this limit can be measured, found "errors <= 0% at 2 requests/s"',
    ],
  ],
  [
    'limits: ["goodput >= 95%"]',
    [
      '7:14: expected objectives beside it, since goodput counts the requests that keep them, found "goodput >= 95%"',
    ],
  ],
  [
    'concurrency: [32]\nrequests: 16',
    ['8:15: expected at least 32, one for each user of the largest step, found 16'],
  ],
  ['objectives: { ttft: soon }', ['7:25: expected a time such as 800ms or 2s, found "soon"']],
] as const)('%s', (load, problems) => {
  expect(problemsOf(load)).toEqual(problems)
})

test('a limit in a wrong form is shown the right ones', () => {
  expect(problemsOf('limits: ["ttft < 1s"]')).toEqual([
    expect.stringMatching(
      /^7:14: expected a limit such as "ttft p99 <= 800ms at 8 users", .* found "ttft < 1s"$/,
    ),
  ])
})

test('a load without any step is refused', () => {
  expect(problemsOf('concurrency: []')).toEqual([
    '7:18: expected at least one step here or in rates, found a list or a map',
  ])
})
