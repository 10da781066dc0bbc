import { expect, test } from 'vitest'
import { reportHtml } from '../../images/report/html.ts'
import { reportJunit } from '../../images/report/junit.ts'
import { reportMarkdown } from '../../images/report/markdown.ts'
import { escapeMarkup } from '../../images/report/markup.ts'
import { bytesPlot, ticks } from '../../images/report/plots.ts'
import { reportText } from '../../images/report/text.ts'
import { check, nasty, nastyReport, report } from './report-sample.ts'

test('markup keeps nothing that XML forbids or that a browser acts on', () => {
  const escaped = escapeMarkup(nasty)
  expect(escaped).not.toMatch(/[<>"']/)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these must be gone.
  expect(escaped).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/)
  expect(escaped.isWellFormed()).toBe(true)
  expect(escaped).toContain('é 漢')
})

test('JUnit counts its cases and gives each failure its message', () => {
  const xml = reportJunit(nastyReport())
  expect(xml).toContain('tests="3" failures="1" errors="0" skipped="1"')
  expect(xml.match(/<testcase /g)).toHaveLength(4)
  expect(xml).toMatch(/<failure message="status 500 instead of 200: &lt;script&gt;/)
  expect(xml).toContain('timestamp="2026-11-24T07:00:00"')
})

test.each([
  [[], '0 failed'],
  [[true], '1 failed'],
  [[false], '1 failed (optional)'],
  [[false, false], '2 failed (optional)'],
  [[true, false, false], '3 failed (2 of them optional)'],
])('of failed checks that are required %j a report says "%s"', (required, words) => {
  const failed = required.map((one) => check({ status: 'failed', required: one }))
  const given = report({ boots: [], checks: [check(), ...failed] })
  expect(reportText(given)).toContain(`: 1 checks passed, ${words}, 0 skipped\n`)
  expect(reportMarkdown(given)).toContain(`Checks: 1 passed, ${words}, 0 skipped.`)
  expect(reportHtml(given)).toContain(`${words}, 0 skipped`)
  expect(reportText(given).match(/\(optional\): expected/g) ?? []).toHaveLength(
    required.filter((one) => !one).length,
  )
})

test('an image that was not booted has a JUnit file without suites', () => {
  expect(reportJunit(report({ boots: [], checks: [] }))).toBe(
    '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n</testsuites>\n',
  )
})

test('the page needs nothing from elsewhere and runs nothing', () => {
  const html = reportHtml(nastyReport())
  expect(html).not.toMatch(/<script|<link|<img|<iframe|https?:\/\/|url\(|@import/i)
  expect(html).toContain("default-src 'none'")
})

const bound = { tokensPerSecond: 126.64, firstTokenMs: 250, promptTokens: 4096 }
const onGpu = report({
  memory: { of: 'gpu', limitBytes: 72e9, parts: [{ cause: 'weights', sizeBytes: 16e9 }], bound },
})
const { firstTokenMs, tokensPerSecond } = onGpu.boots[0]?.measured ?? {}

test.each([
  ['text', reportText],
  ['Markdown', reportMarkdown],
  ['page', reportHtml],
])('planned and measured memory and speed stand together in the %s', (_, formOf) => {
  const said = formOf(onGpu)
  expect(said).toContain('16.0 GB of 72.0 GB; at most 126.6 tokens/s of one stream')
  expect(said).toContain('a prompt of 4096 tokens after at least 250 ms')
  expect(said).toContain(`first token after ${firstTokenMs} ms, then ${tokensPerSecond?.toFixed(1)} tokens/s`)
})

test('an image that was not booted says so beside its plan, and nothing is claimed of the speed of a CPU', () => {
  const said = reportMarkdown(report({ boots: [], verdict: 'not booted' }))
  expect(said).toContain('what the CPU can do is not known')
  expect(said).toContain('Measured: nothing, it was not booted.')
})

test('the page has plots of bytes, of their causes, of memory, and of every boot in time, each with words', () => {
  const html = reportHtml(report())
  const titles = [...html.matchAll(/<svg role="img" aria-labelledby="([^"]+)"/g)].map((match) => match[1])
  expect(titles).toEqual([
    'bytes-title bytes-text',
    'causes-title causes-text',
    'memory-title memory-text',
    'time-0-title time-0-text',
    'time-1-title time-1-text',
  ])
  for (const id of titles.flatMap((pair) => pair?.split(' ') ?? []))
    expect(html.split(`id="${id}"`).length, id).toBe(2)
})

test('a page of an image that was not booted says so and draws no boot', () => {
  const { memory: _, ...unplanned } = report({ boots: [], verdict: 'not booted' })
  const html = reportHtml(unplanned)
  expect(html).toContain('<span class="mark not-booted">not booted</span>')
  expect(html.match(/<svg /g)).toHaveLength(2)
})

test('bars are as long as their bytes', () => {
  const parts = [
    { name: 'a', value: 300, colour: 0 },
    { name: 'b', value: 100, colour: 1 },
  ]
  const svg = bytesPlot({ id: 'p', title: 't', description: 'd', bars: [{ label: 'l', parts }], limit: null })
  const widths = [...svg.matchAll(/class="bar c\d" x="([\d.]+)" y="4" width="([\d.]+)"/g)].map((match) =>
    match.slice(1).map(Number),
  )
  expect(widths).toEqual([
    [300, 427.5],
    [727.5, 142.5],
  ])
})

test.each([1, 90, 1000, 7300, 45_000, 386_000, 5_000_000, 90_000_000])(
  'an axis of %d ms has 2 to 7 round ticks',
  (end) => {
    const found = ticks(end)
    expect(found[0]).toBe(0)
    expect(found.length).toBeGreaterThanOrEqual(2)
    expect(found.length).toBeLessThanOrEqual(7)
    expect(found.at(-1)).toBeLessThanOrEqual(end)
  },
)
