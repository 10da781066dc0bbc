import { expect, test } from 'vitest'
import { attributionChecks } from '../../../images/attribution/checks.ts'
import { startLine } from '../../../images/boot/start-line.ts'
import { engineOf } from '../../../images/engines/engines.ts'
import { reportHtml } from '../../../images/report/html.ts'
import { reportMarkdown } from '../../../images/report/markdown.ts'
import { countChecks, verdictOf } from '../../../images/report/report.ts'
import { reportText } from '../../../images/report/text.ts'
import { formatMs } from '../../../lib/duration.ts'
import { attribution, boot, check, failedCheck, nastyReport, report, skippedCheck } from '../report-sample.ts'

test.each([
  ['not booted', []],
  ['not booted', [boot({ checks: [] })]],
  ['verified', [boot()]],
  ['failed', [boot({ checks: [check(), failedCheck, skippedCheck] })]],
  ['failed', [boot(), boot({ checks: [failedCheck] })]],
  ['unverified', [boot({ checks: [check(), skippedCheck] })]],
  ['verified', [boot({ checks: [check(), { ...skippedCheck, required: false }] })]],
  ['stand-in boot', [boot({ standIn: true })]],
  ['stand-in boot', [boot(), boot({ standIn: true })]],
  ['unverified', [boot({ standIn: true, checks: [check(), skippedCheck] })]],
  ['failed', [boot({ standIn: true, checks: [failedCheck] })]],
])('%s', (verdict, boots) => {
  expect(verdictOf(boots)).toBe(verdict)
})

test('an image that fails by itself is failed, booted or not, and never verified for being whole', () => {
  expect(verdictOf([boot()], [failedCheck])).toBe('failed')
  expect(verdictOf([], [failedCheck])).toBe('failed')
  expect(verdictOf([], [check()])).toBe('not booted')
})

test('a report of a boot with a stand-in driver says in every form that no kernel was run', () => {
  const one = report({ verdict: 'stand-in boot', boots: [boot({ standIn: true })] })
  for (const text of [reportText(one), reportMarkdown(one), reportHtml(one)]) {
    expect(text).toContain('booted on a CPU with a stand-in driver: kernels not run')
    expect(text).toContain('in podman, on a CPU with a stand-in driver')
  }
})

test('the start stands in every form, as one bar in the page, with what nobody measured', () => {
  const start = startLine(
    { pullMs: null, containerMs: 400, readyMs: 2100, firstTokenMs: 31 },
    'llama runner started in 0.60 seconds',
    engineOf('ollama').startWords ?? [],
  )
  const one = report({ boots: [boot({ start })] })
  expect(reportText(one)).toContain(
    'from an empty node: container 400 ms, import and start 1.5 s, load weights 600 ms, first token 31 ms; not measured: pull and unpack, compile, warm-up',
  )
  expect(reportMarkdown(one)).toContain('| compile | not measured | its log gives no figure |')
  const page = reportHtml(one)
  expect(page.match(/id="start-0[^"]*"/g)?.length).toBeGreaterThan(0)
  expect(page).toContain('load weights: 600 ms')
  expect(page).toContain('<td>pull and unpack</td>'.slice(4, -5))
  expect(reportHtml(report({ boots: [boot()] }))).not.toContain('from an empty node')
})

test('a shadowed byte fails the image, and says which file is hidden by which layer', () => {
  expect(attributionChecks(attribution())).toMatchObject([{ id: 'no-shadowed-bytes', status: 'passed' }])
  expect(attributionChecks(attribution(true))).toMatchObject([
    {
      required: true,
      status: 'failed',
      observed: '15.0 MB in 1 file',
      evidence: '15.0 MB  /usr/lib/libc.so.6  (layer 2 of 3, overwritten by layer 3)',
    },
  ])
})

test('checks of all boots are counted', () => {
  const boots = [boot(), boot({ checks: [failedCheck, skippedCheck] })]
  expect(countChecks({ checks: [check()], boots })).toEqual({ passed: 3, failed: 1, skipped: 1 })
})

test.each([
  [0, '0 ms'],
  [85.4, '85 ms'],
  [2100, '2.1 s'],
  [60_000, '60.0 s'],
  [120_000, '2 min'],
  [252_400, '4 min 12 s'],
])('%d ms are %s', (ms, words) => {
  expect(formatMs(ms)).toBe(words)
})

test('a terminal shows figures, what failed and why, and the digest last', () => {
  const lines = reportText(nastyReport()).split('\n')
  expect(lines).toContain(
    'hostile boot as 54321:0 in podman: ready after 2.1 s, first token after 31 ms, then 88.4 tokens/s, peak memory 298.8 MB (charged to its control group)',
  )
  expect(lines.find((line) => line.startsWith('  failed '))).toContain(
    'expected 200 with usage.completion_tokens, observed status 500 instead of 200',
  )
  expect(lines.slice(-3)).toEqual(['failed: 2 checks passed, 1 failed, 1 skipped', report().image, ''])
})

test('the time of each stop is told, and a server that had to be killed is told as that', () => {
  const stops = [
    { occasion: 'streaming', exitCode: 0, waitedMs: 180 },
    { occasion: 'plain', exitCode: null, waitedMs: 10_000 },
  ] as const
  const stopped = report({ boots: [boot({ stops: [...stops] })] })
  expect(reportText(stopped)).toContain('  stopped: streaming 180 ms, plain killed\n')
  expect(reportMarkdown(stopped)).toContain('Stopped: streaming 180 ms, plain killed.\n')
  expect(reportText(report({ boots: [boot()] }))).not.toContain('stopped')
})

test('every row of a Markdown table has the cells of its head, whatever a server says', () => {
  const lines = reportMarkdown(nastyReport()).split('\n')
  const cells = (line: string) => line.replaceAll('\\|', '').split('|').length
  const heads = lines.flatMap((line, index) => (/^\| --- /.test(line) ? [index - 1] : []))
  expect(heads.length).toBe(9)
  for (const head of heads)
    for (let row = head; lines[row]?.startsWith('|'); row++)
      expect(cells(lines[row] ?? ''), lines[row]).toBe(cells(lines[head] ?? ''))
})

test('a log with fences stays in its fence', () => {
  const text = reportMarkdown(nastyReport())
  const fence = /^(`{4,})$/gm
  expect(text.match(fence)).toEqual(['````', '````'])
})

test('memory stands beside its plan', () => {
  const text = reportMarkdown(report())
  expect(text).toContain('| planned: all | 287.1 MB |')
  expect(text).toContain('| measured: hostile boot as 54321:0 in podman | 340.1 MB |')
})

test('every form of the report tells causes, and names a hidden file', () => {
  const hidden = report({ attribution: attribution(true), checks: attributionChecks(attribution(true)) })
  expect(reportText(report())).toMatch(/ {2}weights +98\.4 MB {2}█+░+ +\d+\.\d %\n/)
  expect(reportText(hidden)).toContain('shadowed by later layers 15.0 MB, present more than once 500.0 kB')
  expect(reportText(hidden)).toContain('  failed  no shadowed bytes')
  const markdown = reportMarkdown(hidden)
  expect(markdown).toContain('| kernels sm_90 | 0 | 5.0 MB |')
  expect(markdown).toContain('| /usr/lib/libc.so.6 | layer 2 of 3, overwritten by layer 3 | 15.0 MB |')
  expect(markdown).toContain('| /usr/share/a.txt /usr/share/b.txt | 2 | 500.0 kB | 500.0 kB |')
  expect(reportHtml(hidden)).toContain('<td>layer 2 of 3, overwritten by layer 3</td>')
  expect(reportMarkdown(report())).not.toContain('### Shadowed')
})
