import type { BootReport } from '../boot/boot-report.ts'
import type { CheckResult } from '../boot/check-result.ts'
import { escapeMarkup } from './markup.ts'
import type { Report } from './report.ts'
import { bootTitle, machineWords } from './words.ts'

/**
 * The report as JUnit XML: one suite for the image itself, one a boot, one case a check. It satisfies the schema of Ant's JUnitReport, which is the
 * strictest of those in use, and the one of Jenkins.
 */
export function reportJunit(report: Report): string {
  const suites = [...imageSuite(report), ...report.boots.map((boot) => bootSuite(report, boot))]
  return junitDocument({ name: report.name, createdAt: report.times.createdAt }, suites)
}

/** What all suites of one document are of. */
export interface JunitSubject {
  name: string
  createdAt: string
}

export function junitDocument(subject: JunitSubject, suites: readonly JunitSuite[]): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    ...suites.flatMap((suite, id) => suiteLines(subject, suite, id)),
    '</testsuites>',
    '',
  ].join('\n')
}

export interface JunitSuite {
  name: string
  hostname: string
  /** Groups its checks in programs that show classes. */
  className: string
  checks: readonly CheckResult[]
  properties: Record<string, string>
  out: string
  err: string
}

function imageSuite(report: Report): JunitSuite[] {
  if (report.checks.length === 0) return []
  const { name, checks } = report
  const properties = commonProperties(report)
  return [
    {
      name: 'the image itself',
      hostname: 'image',
      className: `${name}.image`,
      checks,
      properties,
      out: '',
      err: '',
    },
  ]
}

function bootSuite(report: Report, boot: BootReport): JunitSuite {
  const { uid, gid } = boot.identity
  return {
    name: bootTitle(boot),
    hostname: boot.runner,
    className: `${report.name}.${boot.runner}.${boot.profile}-${uid}-${gid}`,
    checks: boot.checks,
    properties: { ...commonProperties(report), ...bootProperties(boot) },
    out: boot.answers.map(({ prompt, answer }) => `${prompt}\n${answer}`).join('\n\n'),
    err: boot.logTail,
  }
}

function suiteLines(subject: JunitSubject, suite: JunitSuite, id: number): string[] {
  const { name, hostname, checks, properties, out, err } = suite
  const count = (status: CheckResult['status']) =>
    String(checks.filter((check) => check.status === status).length)
  const timeMs = checks.reduce((sum, check) => sum + check.durationMs, 0)
  return [
    `  <testsuite${attributes({
      name,
      package: subject.name,
      id: String(id),
      // The schema of Ant allows neither fractions nor a time zone; it is UTC.
      timestamp: subject.createdAt.slice(0, 19),
      hostname,
      tests: String(checks.length),
      failures: count('failed'),
      errors: '0',
      skipped: count('skipped'),
      time: seconds(timeMs),
    })}>`,
    '    <properties>',
    ...Object.entries(properties).map(
      ([property, value]) => `      <property${attributes({ name: property, value })}/>`,
    ),
    '    </properties>',
    ...checks.flatMap((check) => testcase(suite, check)),
    `    <system-out>${escapeMarkup(out)}</system-out>`,
    `    <system-err>${escapeMarkup(err)}</system-err>`,
    '  </testsuite>',
  ]
}

function commonProperties({ verdict, image, plan, engine, model }: Report): Record<string, string> {
  return { verdict, image, plan, engine: `${engine.id} ${engine.version}`, model }
}

function bootProperties(boot: BootReport): Record<string, string> {
  const { readyMs, firstTokenMs, tokensPerSecond } = boot.measured
  return {
    machine: machineWords(boot),
    readyMs: String(readyMs ?? ''),
    firstTokenMs: String(firstTokenMs ?? ''),
    tokensPerSecond: String(tokensPerSecond ?? ''),
    peakMemoryBytes: String(boot.peakMemoryBytes ?? ''),
  }
}

function testcase({ className }: JunitSuite, check: CheckResult): string[] {
  const named = attributes({
    name: check.title,
    classname: `${className}.${check.group}`,
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
