import { type ImagePlan, planDigestOf } from '../../images/plan/plan.ts'
import { reportMarkdown } from '../../images/report/markdown.ts'
import type { Report } from '../../images/report/report.ts'
import { type Digest, isDigest } from '../../lib/digest.ts'
import { type Damage, type DamageSearch, damagesIn } from '../store/damage.ts'
import { listRecords, type RecordKind, recall, remember, writeRecord } from '../store/record.ts'
import type { Store } from '../store/store.ts'
import { reportSchema } from './report-schema.ts'

/** Reports by plan digest. */
export const reportKind: RecordKind<Report> = { name: 'report', schema: reportSchema }

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
  const report = await recallReport(store, planDigestOf(plan))
  if (report === undefined) return undefined
  return { report, damages: await reportDamages(store, report, search) }
}

/** What is wrong with the image of a report. Weights beside it can be made again without judging it anew. */
export function reportDamages(store: Store, { image }: Report, search: DamageSearch): Promise<Damage[]> {
  return damagesIn(store, [image], search)
}

/** The stored report of a plan, whatever became of its image. */
export async function recallReport(store: Store, planDigest: Digest): Promise<Report | undefined> {
  const report = await recall(store, reportKind, planDigest)
  // A report that lies under another plan's name speaks of something else.
  return report?.plan === planDigest ? report : undefined
}

/** Every report that can be read. */
export async function listReports(store: Store): Promise<Report[]> {
  const keys = (await listRecords(store, reportKind.name)).filter(isDigest)
  const reports = await Promise.all(keys.map((key) => recallReport(store, key)))
  return reports.filter((report) => report !== undefined)
}

/** Stores a report under its plan, for programs and for people. */
export async function keepReport(store: Store, report: Report): Promise<void> {
  await remember(store, reportKind, report.plan, report)
  await writeRecord(store, 'report-markdown', report.plan, reportMarkdown(report))
}
