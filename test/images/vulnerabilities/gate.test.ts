import { describe, expect, test } from 'vitest'
import type { KnownVulnerability } from '../../../images/vulnerabilities/finding.ts'
import { judgeVulnerabilities } from '../../../images/vulnerabilities/gate.ts'
import { vulnerabilitiesText } from '../../../images/vulnerabilities/text.ts'
import type { VulnerabilityPolicy } from '../../../recipes/vulnerabilities.ts'
import { judged, scan } from './judged.ts'

const now = Date.parse('2026-12-01T12:00:00Z')

function verdict(policy: VulnerabilityPolicy, other: { built?: string | undefined; at?: string } = {}) {
  const { databaseBuilt, ...rest } = scan
  const built = 'built' in other ? other.built : databaseBuilt
  return judgeVulnerabilities({
    scan: { ...rest, ...(built !== undefined && { databaseBuilt: built }) },
    findings: judged(),
    policy,
    now: other.at === undefined ? now : Date.parse(other.at),
  })
}

const ids = (findings: readonly KnownVulnerability[]) => findings.map(({ id }) => id)
const exception = (id: string, until: string, more = {}) => ({ id, until, reason: 'no fix yet', ...more })

describe('limits', () => {
  test('without one nothing fails', () => {
    expect(verdict({})).toMatchObject({ status: 'open', breaches: [] })
  })

  test('what is proven away reaches none, however grave', () => {
    expect(verdict({ limit: 'critical' })).toMatchObject({ status: 'passed', breaches: [] })
  })

  test('what is there and reaches it fails', () => {
    const { status, breaches } = verdict({ limit: 'high' })
    expect([status, ids(breaches)]).toEqual([
      'failed',
      ['GHSA-dddd-eeee-ffff', 'CVE-2026-1003', 'CVE-2026-1002'],
    ])
  })

  test('what nobody rated counts as reaching every limit', () => {
    const findings = judged().map(({ finding }) => ({
      finding: { ...finding, severity: 'unknown' as const },
    }))
    const { breaches } = judgeVulnerabilities({ scan, findings, policy: { limit: 'critical' }, now })
    expect(breaches).toHaveLength(findings.length)
  })
})

describe('exceptions', () => {
  const others = [exception('CVE-2026-1003', '2027-06-30'), exception('cve-2026-2002', '2027-06-30')]
  const with1002 = (until: string, more = {}) => ({
    limit: 'high' as const,
    exceptions: [...others, exception('CVE-2026-1002', until, more)],
  })

  test('hold by any name, and say who is excepted', () => {
    const { status, excepted } = verdict(with1002('2027-01-31'))
    expect(status).toBe('passed')
    expect(excepted.map(({ finding }) => finding.package.name).sort()).toEqual(['acme', 'tar', 'zlib1g'])
  })

  test.each([
    ['2027-01-31T23:59:59Z', 'passed'],
    ['2027-02-01T00:00:00Z', 'failed'],
  ])('hold through their last day and not longer: at %s it has %s', (at, status) => {
    const found = verdict(with1002('2027-01-31'), { at, built: at })
    expect(found.status).toBe(status)
    expect(found.expired.map(({ id }) => id)).toEqual(status === 'failed' ? ['CVE-2026-1002'] : [])
  })

  test('of another package do not hold', () => {
    expect(verdict(with1002('2027-01-31', { package: 'tar' })).status).toBe('failed')
    expect(verdict(with1002('2027-01-31', { package: 'zlib1g' })).status).toBe('passed')
  })
})

describe('the age of the database', () => {
  test.each([
    ['unknown', undefined, {}],
    ['six days', '2026-11-25T11:00:00Z', {}],
    ['a year, with a limit of 300 days', '2025-12-01T00:00:00Z', { databaseDays: 300 }],
    ['yet to come', '2026-12-03T00:00:00Z', {}],
  ])('fails when it is %s, even without a limit of severity', (_, built, policy) => {
    const found = verdict(policy, { built })
    expect(found.status).toBe('failed')
    expect(found.databaseProblem).toMatch(/built/)
  })

  test.each([
    ['five days', '2026-11-26T12:00:00Z', {}],
    ['a year, with a limit of that', '2025-12-01T12:00:00Z', { databaseDays: 365 }],
    ['an hour ahead, by another clock', '2026-12-01T13:00:00Z', {}],
  ])('does not when it is %s', (_, built, policy) => {
    expect(verdict(policy, { built }).databaseProblem).toBeUndefined()
  })
})

test('a person reads what is there, what is proven away, and what failed', () => {
  const policy = { limit: 'high' as const, exceptions: [exception('CVE-2026-1003', '2026-11-30')] }
  const text = vulnerabilitiesText(scan, judged(), verdict(policy)).join('\n')
  expect(text).toContain('5 known vulnerabilities: 3 in what is there, 2 in code that slimming took')
  expect(text).toContain('high CVE-2026-1002 in zlib1g 1:1.2.13.dfsg-1, fixed in 1:1.3.0-1')
  expect(text).toContain('not affected: critical CVE-2026-1001 in perl-base 5.36.0-7')
  expect(text).toContain('the exception for CVE-2026-1003 ended on 2026-11-30: no fix yet')
  expect(text).toContain('failed: 3 reach the limit high')
})
