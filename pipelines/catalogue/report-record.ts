import { z } from 'zod'
import { type ImagePlan, planDigestOf } from '../../images/plan/plan.ts'
import { reportMarkdown } from '../../images/report/markdown.ts'
import { type Report, reportJson, reportVersion } from '../../images/report/report.ts'
import type { Digest } from '../../lib/digest.ts'
import { digestSchema } from '../registry-client/oci-documents.ts'
import { type Damage, type DamageSearch, damagesIn } from '../store/damage.ts'
import { listRecords, readCache, readRecord, writeRecord } from '../store/record.ts'
import type { Store } from '../store/store.ts'

export const reportKind = 'report'

/** What every command relies on; the rest is what `keepReport` wrote with it. */
const reportSchema = z.object({
  reportVersion: z.literal(reportVersion),
  name: z.string(),
  image: digestSchema,
  plan: digestSchema,
  verdict: z.enum(['verified', 'failed', 'unverified', 'not booted']),
  layers: z.array(z.object({ digest: digestSchema })),
  weightsImage: digestSchema.optional(),
  boots: z.array(z.object({})),
  checks: z.array(z.object({})),
})

/** A report with what is wrong with the bytes that it speaks of. */
export interface ReportState {
  report: Report
  damages: Damage[]
}

/** The report that an equal plan gave before, and whether its image is still what was judged. */
export async function reportState(
  store: Store,
  plan: ImagePlan,
  search: DamageSearch = { by: 'stamp' },
): Promise<ReportState | undefined> {
  const report = parseReport(await readCache(store, reportKind, planDigestOf(plan)))
  if (report === undefined) return undefined
  return { report, damages: await reportDamages(store, report, search) }
}

/** What is wrong with the image of a report. Weights beside it can be made again without judging it anew. */
export function reportDamages(store: Store, { image }: Report, search: DamageSearch): Promise<Damage[]> {
  return damagesIn(store, [image], search)
}

/** The same when nothing is missing or damaged. */
export async function knownReport(store: Store, plan: ImagePlan): Promise<Report | undefined> {
  const state = await reportState(store, plan)
  return state?.damages.length === 0 ? state.report : undefined
}

/** The stored report of a plan, whatever became of its image. Throws `corrupt-record`. */
export async function storedReport(store: Store, planDigest: Digest): Promise<Report | undefined> {
  return parseReport(await readRecord(store, reportKind, planDigest))
}

/** Every report that can be read. */
export async function listReports(store: Store): Promise<Report[]> {
  const keys = await listRecords(store, reportKind)
  const reports = await Promise.all(
    keys.map(async (key) => parseReport(await readCache(store, reportKind, key))),
  )
  return reports.filter((report) => report !== undefined)
}

/** Undefined for a report of another version, and for what is none. */
function parseReport(value: unknown): Report | undefined {
  // Only `keepReport` writes records of this kind, so that the rest has the shape of its version.
  return reportSchema.safeParse(value).success ? (value as Report) : undefined
}

/** Stores a report under its plan, for programs and for people. */
export async function keepReport(store: Store, report: Report): Promise<void> {
  await writeRecord(store, reportKind, report.plan, reportJson(report))
  await writeRecord(store, 'report-markdown', report.plan, reportMarkdown(report))
}
