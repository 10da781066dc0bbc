import { describe, expect, test } from 'vitest'
import { cycloneDxVex } from '../../../images/vulnerabilities/cyclonedx-vex.ts'
import { parseFindings } from '../../../images/vulnerabilities/finding.ts'
import { openVex, plainUrl } from '../../../images/vulnerabilities/openvex.ts'
import { digestOf } from '../../../lib/digest.ts'
import { judged, scan } from './judged.ts'

const image = { name: 'sample', digest: digestOf('image') }
const document = { image, findings: judged(), time: '2026-11-30T00:00:00.000Z' }
const nothingProven = { ...document, findings: judged([], [], { changes: { packages: [], removed: '' } }) }

describe('OpenVEX', () => {
  const { statements, ...said } = JSON.parse(openVex(document) ?? '')

  test('states what is proven and nothing else, each with its evidence', () => {
    expect(statements.map((one: { vulnerability: { name: string } }) => one.vulnerability.name)).toEqual([
      'GHSA-aaaa-bbbb-cccc',
      'CVE-2026-1001',
    ])
    for (const one of statements)
      expect(one).toMatchObject({
        status: 'not_affected',
        justification: 'vulnerable_code_not_present',
        impact_statement: expect.stringContaining('slimming took all 2 files'),
        products: [{ hashes: { 'sha-256': image.digest.slice(7) } }],
      })
  })

  test('the same findings give the same bytes, of the time of the database', () => {
    expect(openVex(document)).toBe(openVex({ ...document, findings: judged() }))
    expect(said).toMatchObject({ '@context': 'https://openvex.dev/ns/v0.2.0', timestamp: document.time })
    expect(said['@id']).toMatch(/^urn:dev\.ingot:vex:[0-9a-f]{64}$/)
  })

  test('there is none without a statement', () => {
    expect(openVex(nothingProven)).toBeUndefined()
    expect(cycloneDxVex(nothingProven)).toBeUndefined()
  })

  test('a package without a URL is not stated: a statement would count for every package', () => {
    const findings = judged().map((one) => ({
      ...one,
      finding: { ...one.finding, package: { ...one.finding.package, packageUrl: '' } },
    }))
    expect(openVex({ ...document, findings })).toBeUndefined()
  })
})

test('CycloneDX has every finding: proven ones as not affected, the others in triage', () => {
  const { vulnerabilities, components } = JSON.parse(cycloneDxVex(document) ?? '')
  const states = vulnerabilities.map((one: { id: string; analysis: object }) => [one.id, one.analysis])
  expect(states).toEqual([
    ['GHSA-dddd-eeee-ffff', { state: 'in_triage' }],
    [
      'GHSA-aaaa-bbbb-cccc',
      {
        state: 'not_affected',
        justification: 'code_not_present',
        detail: expect.stringContaining('idna 3.6'),
      },
    ],
    [
      'CVE-2026-1001',
      { state: 'not_affected', justification: 'code_not_present', detail: expect.stringContaining('perl') },
    ],
    ['CVE-2026-1003', { state: 'in_triage' }],
    ['CVE-2026-1002', { state: 'in_triage' }],
  ])
  const refs = new Set(components.map((one: Record<string, string>) => one['bom-ref']))
  for (const { affects } of vulnerabilities) for (const { ref } of affects) expect(refs).toContain(ref)
})

test('of a package URL only the architecture stays of what scanners write differently', () => {
  expect(plainUrl('pkg:deb/debian/a@1%3A2?arch=amd64&distro=debian-12&upstream=b')).toBe(
    'pkg:deb/debian/a@1%3A2?arch=amd64',
  )
  expect(plainUrl('pkg:pypi/a@1#sub')).toBe('pkg:pypi/a@1')
  expect(plainUrl('')).toBeUndefined()
})

describe('what grype says', () => {
  test('is read with names, severities, packages and the day of the database', () => {
    expect(scan.databaseBuilt).toBe('2026-11-30T00:00:00.000Z')
    expect(scan.findings.map(({ id, severity }) => `${id} ${severity}`)).toEqual([
      'GHSA-dddd-eeee-ffff high',
      'GHSA-aaaa-bbbb-cccc high',
      'CVE-2026-1001 critical',
      'CVE-2026-1003 high',
      'CVE-2026-1002 high',
    ])
  })

  test.each([
    ['no JSON', 'grype: error'],
    ['another document', '{"vulnerabilities":[]}'],
    ['a finding without a name', '{"matches":[{"vulnerability":{"id":""}}],"descriptor":{}}'],
  ])('that is %s is refused', (_, text) => {
    expect(() => parseFindings(text)).toThrow(expect.objectContaining({ code: 'bad-findings' }))
  })

  test('a database without a day has none', () => {
    const empty = (db: unknown) =>
      parseFindings(JSON.stringify({ matches: null, descriptor: { name: 'grype', version: '1', db } }))
    for (const db of [undefined, null, {}, { status: {} }, { status: { built: '0001-01-01T00:00:00Z' } }, 7])
      expect(empty(db)).not.toHaveProperty('databaseBuilt')
  })
})
