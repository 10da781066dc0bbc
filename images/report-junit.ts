import { escapeMarkup } from './markup.ts'
import type { BootReport, CheckResult, Report } from './report.ts'
import { bootTitle, machineWords } from './report-words.ts'

/**
 * The report as JUnit XML: one suite a boot, one case a check. It satisfies the schema of Ant's JUnitReport, which is the
 * strictest of those in use, and the one of Jenkins.
 */
export function reportJunit(report: Report): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    ...report.boots.flatMap((boot, id) => suite(report, boot, id)),
    '</testsuites>',
    '',
  ].join('\n')
}

function suite(report: Report, boot: BootReport, id: number): string[] {
  const count = (status: CheckResult['status']) =>
    String(boot.checks.filter((check) => check.status === status).length)
  const timeMs = boot.checks.reduce((sum, check) => sum + check.durationMs, 0)
  return [
    `  <testsuite${attributes({
      name: bootTitle(boot),
      package: report.name,
      id: String(id),
      // The schema of Ant allows neither fractions nor a time zone; it is UTC.
      timestamp: report.times.createdAt.slice(0, 19),
      hostname: boot.runner,
      tests: String(boot.checks.length),
      failures: count('failed'),
      errors: '0',
      skipped: count('skipped'),
      time: seconds(timeMs),
    })}>`,
    '    <properties>',
    ...Object.entries(propertiesOf(report, boot)).map(
      ([name, value]) => `      <property${attributes({ name, value })}/>`,
    ),
    '    </properties>',
    ...boot.checks.flatMap((check) => testcase(report, boot, check)),
    `    <system-out>${escapeMarkup(boot.answers.map(({ prompt, answer }) => `${prompt}\n${answer}`).join('\n\n'))}</system-out>`,
    `    <system-err>${escapeMarkup(boot.logTail)}</system-err>`,
    '  </testsuite>',
  ]
}

function propertiesOf(report: Report, boot: BootReport): Record<string, string> {
  const { readyMs, firstTokenMs, tokensPerSecond } = boot.measured
  return {
    verdict: report.verdict,
    image: report.image,
    plan: report.plan,
    engine: `${report.engine.id} ${report.engine.version}`,
    model: report.model,
    machine: machineWords(boot),
    readyMs: String(readyMs ?? ''),
    firstTokenMs: String(firstTokenMs ?? ''),
    tokensPerSecond: String(tokensPerSecond ?? ''),
    peakMemoryBytes: String(boot.peakMemoryBytes ?? ''),
  }
}

function testcase(report: Report, boot: BootReport, check: CheckResult): string[] {
  const { uid, gid } = boot.identity
  const named = attributes({
    name: check.title,
    classname: `${report.name}.${boot.runner}.${boot.profile}-${uid}-${gid}.${check.group}`,
    time: seconds(check.durationMs),
  })
  if (check.status === 'passed') return [`    <testcase${named}/>`]
  const message = attributes({ message: check.observed })
  const inner =
    check.status === 'skipped'
      ? `<skipped${message}/>`
      : `<failure${message}${attributes({ type: check.id })}>${escapeMarkup(`expected: ${check.expected}\nobserved: ${check.observed}\n${check.evidence}`)}</failure>`
  return [`    <testcase${named}>`, `      ${inner}`, '    </testcase>']
}

function attributes(values: Record<string, string>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeMarkup(value)}"`)
    .join('')
}

function seconds(durationMs: number): string {
  return (durationMs / 1000).toFixed(3)
}
