import { expect, test } from 'vitest'
import { reportHtml } from '../../../images/report/html.ts'
import { reportMarkdown } from '../../../images/report/markdown.ts'
import type { ScanReport } from '../../../images/report/scan-result.ts'
import { reportText } from '../../../images/report/text.ts'
import { report } from '../report-sample.ts'

function withScan(given: Partial<ScanReport>) {
  const sample = report()
  return report(sample.scan === undefined ? {} : { scan: { ...sample.scan, ...given } })
}

test('every form of the report lists what the scan saw, and why it may be there', () => {
  for (const text of [reportText(report()), reportMarkdown(report()), reportHtml(report())]) {
    expect(text).toContain('no secret of HF_TOKEN')
    expect(text).toContain('/usr/bin/sh')
    expect(text).toContain('the guard that checks mounted weights is a script')
  }
  expect(reportMarkdown(report())).toContain('/opt/app/test.key:1 private-key')
  expect(reportHtml(report())).toContain('/opt/app/test.key:1 private-key')
})

test('what was not applied is told', () => {
  const without = withScan({ searchedFor: [], gitleaks: false, excused: [] })
  expect(reportText(without)).toContain('no token of the run to look for; gitleaks’ rules not applied')
})

test('a path cannot break the page', () => {
  const nasty = withScan({ worldWritable: ['/opt/<script>alert(1)</script>'] })
  expect(reportHtml(nasty)).not.toContain('<script>alert')
})
