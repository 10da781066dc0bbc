import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadReportJson } from '../../../images/load/load-report.ts'
import { digestOf } from '../../../lib/digest.ts'
import {
  doubtOf,
  keepLoadReport,
  lastAccepted,
  recallLoadReport,
  requireBenched,
} from '../../../pipelines/load/load-record.ts'
import { storeAttachments } from '../../../pipelines/outgoing/attachments.ts'
import { prepareImage } from '../../../pipelines/outgoing/prepare.ts'
import { readSettings } from '../../../pipelines/settings/settings.ts'
import { readImageManifest } from '../../../pipelines/store/image.ts'
import { closeStore, openStore } from '../../../pipelines/store/open.ts'
import type { Store } from '../../../pipelines/store/store.ts'
import { loadReportOf } from '../../images/load/sample.ts'
import { builtSample } from '../outgoing/sample.ts'

let folder: string
let store: Store

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingot-benched-'))
  store = await openStore(join(folder, 'store'))
})

afterEach(async () => {
  await closeStore(store)
  await rm(folder, { recursive: true, force: true })
})

const busy = { idleOthers: [0.9], stolen: 0, spread: { ttft: 1, itl: 1, e2e: 1 }, busy: ['others use it'] }
const passing = { limits: ['ttft p99 <= 800s at 4 users'] }

test('a report is found again by its image, as it was', async () => {
  const report = loadReportOf(passing)
  await keepLoadReport(store, report)
  expect(loadReportJson((await recallLoadReport(store, report.image)) ?? report)).toEqual(
    loadReportJson(report),
  )
  expect(await recallLoadReport(store, digestOf('another'))).toBeUndefined()
})

test.each([
  ['kept', passing, null],
  ['not kept', { limits: ['ttft p99 <= 1ms at 4 users'] }, 'a limit was not kept'],
  ['nothing to keep', { limits: [] }, 'it had no limits'],
  ['busy', { ...passing, noise: busy }, 'the machine was too busy'],
])('limits: %s', (_, given, doubt) => {
  const found = doubtOf(loadReportOf(given))
  if (doubt === null) expect(found).toBeNull()
  else expect(found).toContain(doubt)
})

test('the last accepted report is the newest one of the name whose limits held', async () => {
  await expect(lastAccepted(store, 'tiny')).rejects.toMatchObject({
    failure: { found: 'the store has none' },
  })
  const at = (image: string, createdAt: string, limits = passing.limits) =>
    keepLoadReport(store, loadReportOf({ limits, change: { image: digestOf(image), createdAt } }))
  await at('c', '2026-03-01T00:00:00.000Z', ['ttft p99 <= 1ms at 4 users'])
  await expect(lastAccepted(store, 'tiny')).rejects.toMatchObject({
    failure: { found: 'of those in the store none kept all limits' },
  })
  await at('b', '2026-02-01T00:00:00.000Z')
  await at('a', '2026-01-01T00:00:00.000Z')
  expect((await lastAccepted(store, 'tiny')).image).toBe(digestOf('b'))
  await expect(lastAccepted(store, 'other')).rejects.toMatchObject({ code: 'no-file' })
})

test('an image that never was on the bench, or failed there, does not leave where that is asked for', async () => {
  const built = await builtSample(store)
  const { image } = built.report
  await expect(requireBenched(store, built)).rejects.toMatchObject({
    code: 'not-verified',
    failure: { found: expect.stringContaining('it was not on the bench') },
  })
  await keepLoadReport(store, loadReportOf({ limits: ['ttft p99 <= 1ms at 4 users'], change: { image } }))
  await expect(requireBenched(store, built)).rejects.toMatchObject({
    failure: { found: 'a limit was not kept' },
  })
  await keepLoadReport(store, loadReportOf({ ...passing, change: { image } }))
  await requireBenched(store, built)
})

test('the report leaves with the image, as a document that refers to its digest', async () => {
  const built = await builtSample(store)
  const settings = readSettings({ PATH: '/nonexistent', HOME: folder })
  const asked = { store, settings, isUnverified: false, sbom: 'if-possible' as const, onNotice() {} }
  expect((await prepareImage(built, asked)).documents.map(({ name }) => name)).not.toContain('bench')
  const report = loadReportOf({ ...passing, change: { image: built.report.image } })
  await keepLoadReport(store, report)
  const { documents, image } = await prepareImage(built, asked)
  const bench = documents.find(({ name }) => name === 'bench')
  expect(bench).toMatchObject({ predicateType: 'urn:dev.ingot:bench' })
  expect(JSON.parse(bench?.text ?? '')).toEqual(loadReportJson(report))
  const [attached] = await storeAttachments(store, bench === undefined ? [] : [bench], image)
  if (attached === undefined) throw new Error('nothing was attached')
  const manifest = await readImageManifest(store, attached.digest)
  expect(manifest).toMatchObject({
    artifactType: 'application/vnd.dev.ingot.bench.v1+json',
    subject: { digest: built.report.image },
  })
})
