import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseFindings } from '../../images/vulnerabilities/finding.ts'
import { serveStore } from '../../pipelines/registry-server/server.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { vulnerabilitiesOf } from '../../pipelines/vulnerabilities/vulnerabilities.ts'
import type { VulnerabilityPolicy } from '../../recipes/vulnerabilities.ts'
import { cycloneDxProblems } from '../images/sbom/validate.ts'
import { grypeDatabase } from '../pipelines/vulnerabilities/database.ts'
import { advisories, type SampleOptions, vulnerableImage } from '../pipelines/vulnerabilities/image.ts'
import { recordedFindings } from '../pipelines/vulnerabilities/recorded.ts'
import { scratchFolder, scratchStore } from '../scratch.ts'
import { toolPath } from '../tools/find.ts'
import { grypeMatches } from './grype-matches.ts'

let folder: string
let database: { folder: string; file: string }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-grype-'))
  database = await grypeDatabase(folder, { built: new Date(), advisories })
})

afterAll(() => rm(folder, { recursive: true, force: true }))

async function lookUp(options: SampleOptions = {}, place = database.folder) {
  const store = await scratchStore()
  const image = await vulnerableImage(store, options)
  const settings = readSettings({ ...process.env, INGOT_GRYPE: toolPath('grype') })
  const policy: VulnerabilityPolicy = options.policy ?? {}
  return { store, image, found: await vulnerabilitiesOf(image, { store, policy, database: place, settings }) }
}

/** What grype itself says of an image in a registry, without our documents and with one. */
async function asked(sample: Awaited<ReturnType<typeof lookUp>>, document: string | undefined) {
  const registry = await serveStore(sample.store, {})
  try {
    const file = join(await scratchFolder(), 'vex.json')
    await writeFile(file, document ?? '')
    const { name } = sample.image.plan
    const subject = `registry:127.0.0.1:${registry.port}/${name}@${sample.image.report.image}`
    return {
      plain: await grypeMatches(subject, database.folder),
      withVex: await grypeMatches(subject, database.folder, '--vex', file),
    }
  } finally {
    await registry.close()
  }
}

const gone = ['CVE-2026-1001 perl-base', 'GHSA-aaaa-bbbb-cccc idna']
const there = ['CVE-2026-1002 zlib1g', 'CVE-2026-1003 tar', 'GHSA-dddd-eeee-ffff acme']

describe('grype with the documents of ingot', () => {
  test('passes over what slimming took, and still reports what is there', async () => {
    const sample = await lookUp()
    const { plain, withVex } = await asked(sample, sample.found.openVex)
    expect(plain).toEqual({ reported: [...gone, ...there].sort(), ignored: [] })
    expect(withVex).toEqual({ reported: there, ignored: gone })
  })

  test('of another image the document says nothing', async () => {
    const sample = await lookUp()
    const other = await lookUp({ entries: [{ name: 'usr/bin/other', text: 'other' }] })
    const { withVex } = await asked(other, sample.found.openVex)
    expect(withVex.reported).toEqual([...gone, ...there].sort())
  })

  test('a copy of removed code that somebody put elsewhere is still reported', async () => {
    const sample = await lookUp({ entries: [{ name: 'opt/tools/bin/perl', text: 'a perl of its own' }] })
    const { withVex } = await asked(sample, sample.found.openVex)
    expect(withVex.reported).toContain('CVE-2026-1001 perl-base')
    expect(withVex.ignored).toEqual(['GHSA-aaaa-bbbb-cccc idna'])
  })

  test('a list of packages that says what was removed needs no document', async () => {
    const sample = await lookUp({ isTold: true })
    const { plain } = await asked(sample, sample.found.openVex)
    expect(plain.reported).toEqual(['GHSA-aaaa-bbbb-cccc idna', ...there].sort())
  })
})

test('the CycloneDX document is valid by its own library’s strict schema, which sees what is wrong', async () => {
  const { found } = await lookUp()
  const document = found.cycloneDxVex ?? ''
  expect(await cycloneDxProblems(document)).toBe('')
  expect(await cycloneDxProblems(document.replace('code_not_present', 'code_is_away'))).not.toBe('')
})

test('grype says what the other tests say it says', async () => {
  const { found } = await lookUp()
  const recorded = parseFindings(await readFile(recordedFindings, 'utf8'))
  expect(found.scan.findings).toEqual(recorded.findings)
})

test('a database comes as a file too, and what is none is told', async () => {
  const { found } = await lookUp({}, database.file)
  expect(found.scan.findings).toHaveLength(5)
  const broken = join(await scratchFolder(), 'broken.db')
  await writeFile(broken, 'no database')
  await expect(lookUp({}, broken)).rejects.toMatchObject({ code: 'tool-failed' })
  await expect(lookUp({}, join(broken, 'nowhere'))).rejects.toMatchObject({ code: 'usage' })
})

test('an old database fails by its age, although grype is told not to mind', async () => {
  const place = await scratchFolder()
  const old = await grypeDatabase(place, { built: new Date('2026-01-02T03:04:05Z'), advisories })
  const { found } = await lookUp({}, old.folder)
  expect(found.verdict).toMatchObject({ status: 'failed' })
  expect(found.verdict.databaseProblem).toContain('2026-01-02T03:04:05')
})
