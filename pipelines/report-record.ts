import { type ImagePlan, planDigestOf } from '../images/plan.ts'
import { type Report, reportJson, reportVersion } from '../images/report.ts'
import { reportMarkdown } from '../images/report-markdown.ts'
import { knownBytes } from './store/foreign.ts'
import { readRecord, writeRecord } from './store/record.ts'
import type { Store } from './store/store.ts'

const reportKind = 'report'

/** The report of the image that an equal plan gave before, when the image is still whole. */
export async function knownReport(store: Store, plan: ImagePlan): Promise<Report | undefined> {
  // Only `keepReport` writes records of this kind.
  const report = (await readRecord(store, reportKind, planDigestOf(plan))) as Report | undefined
  if (report === undefined || report.reportVersion !== reportVersion) return undefined
  const blobs = [report.image, ...report.layers.map((layer) => layer.digest)]
  const sizes = await Promise.all(blobs.map((digest) => knownBytes(store, digest)))
  return sizes.every((size) => size !== undefined) ? report : undefined
}

/** Stores a report under its plan, for programs and for people. */
export async function keepReport(store: Store, report: Report): Promise<void> {
  await writeRecord(store, reportKind, report.plan, reportJson(report))
  await writeRecord(store, 'report-markdown', report.plan, reportMarkdown(report))
}
