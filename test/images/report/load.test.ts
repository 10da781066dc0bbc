import { expect, test } from 'vitest'
import { compareLoads } from '../../../images/load/regression.ts'
import { loadHtml } from '../../../images/report/load-html.ts'
import { loadJunit } from '../../../images/report/load-junit.ts'
import { loadMarkdown, loadText } from '../../../images/report/load-text.ts'
import { constancyWords, preciseMs } from '../../../images/report/load-words.ts'
import { loadReportOf, quiet, requestOf, stepOf, usersStep } from '../load/sample.ts'

const busy = { ...quiet, busy: ['others used 40 % of the processors while the server was idle'] }

test('the text has every step, limit and the digest last', () => {
  const text = loadText(loadReportOf())
  expect(text).toContain('4 users')
  expect(text).toContain('1 user, again')
  expect(text).toContain('passed  ttft p99 <= 800ms at 4 users')
  expect(text).toContain('failed  decode >= 60 tokens/s: 50.0 tokens/s (1 user)')
  expect(text).toContain('limits: failed')
  expect(text.trimEnd().split('\n').at(-1)).toBe(loadReportOf().image)
})

test('Markdown has the table, the model and each kind of error once', () => {
  const steps = [
    stepOf({ type: 'users', users: 1 }, [
      requestOf(),
      requestOf({ error: 'status 503' }),
      requestOf({ error: 'status 503' }),
    ]),
  ]
  const text = loadMarkdown(loadReportOf({ steps, limits: ['errors <= 0%'] }))
  expect(text).toContain('# tiny: failed')
  expect(text).toContain('- 2 times: status 503')
  expect(text).toContain('| errors <= 0% | 1 user | failed | 66.7 % |')
})

test('the page has a curve a percentile, the limit drawn in, and no word of others as markup', () => {
  const page = loadHtml(loadReportOf())
  expect(page.match(/<polyline/g)).toHaveLength(7)
  expect(page).toContain('ttft p99 &lt;= 800ms at 4 users</text>')
  expect(page).toContain('A &lt;fast&gt; processor')
  expect(page).not.toMatch(/<script|https?:/)
  expect(page).not.toContain('NaN')
  expect(page).not.toContain('undefined')
})

test('what was not kept comes first, and a file of prompts is named', () => {
  const page = loadHtml(loadReportOf({ limits: ['errors <= 0%', 'decode >= 60 tokens/s'] }))
  const limits = page.slice(page.lastIndexOf('Limits of the load'))
  expect(limits).toContain('decode &gt;= 60')
  expect(limits.indexOf('decode &gt;= 60')).toBeLessThan(limits.indexOf('errors &lt;= 0%'))
  const prompts = { file: './real.txt', sha256: 'a'.repeat(64), count: 7 }
  expect(loadText(loadReportOf({ change: { prompts } }))).toContain('in turn of the 7 prompts of ./real.txt')
})

test('a load of rates alone is told without curves of users', () => {
  const page = loadHtml(loadReportOf({ steps: [stepOf({ type: 'rate', perSecond: 2.5 }, [requestOf()])] }))
  expect(page).toContain('2.5 requests/s')
  expect(page).not.toContain('<polyline')
})

test('on a busy machine JUnit has skipped cases and no failed one', () => {
  expect(loadJunit(loadReportOf())).toContain('failures="4"')
  const xml = loadJunit(loadReportOf({ noise: busy }))
  expect(xml).toContain('failures="0"')
  expect(xml).toContain('skipped="5"')
  expect(xml).toContain('not comparable: others used 40 %')
})

test('an accepted report stands beside', () => {
  const before = loadReportOf()
  const now = loadReportOf({ steps: [usersStep(1, 1.5)] })
  const report = { ...now, comparison: compareLoads(now, before) }
  expect(loadText(report)).toContain('worse   itl p50 at 1 user: 30.0 ms after 20.0 ms')
  expect(loadHtml(report)).toContain('Beside an accepted report: regressed')
  expect(loadMarkdown(report)).toContain('- worse   itl p50')
})

test.each([
  [[usersStep(1), usersStep(2), usersStep(4, 1.5)], /up to 2; at 4 users it is 1\.5 times as long/],
  [[usersStep(1), usersStep(4)], /up to 4 users, the most that were tried/],
  [[usersStep(1)], /cannot be said/],
])('how long T_d stays constant is said', (steps, words) => {
  expect(constancyWords(loadReportOf({ steps }))).toMatch(words)
})

test('times have the digits that count', () => {
  expect([0.1234, 8.414, 12.34, 123.4, 2345].map(preciseMs)).toEqual([
    '0.12 ms',
    '8.41 ms',
    '12.3 ms',
    '123 ms',
    '2.35 s',
  ])
})
