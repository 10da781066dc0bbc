import { type LoadReport, loadReportJson } from '../../images/load/load-report.ts'
import { type Digest, isDigest } from '../../lib/digest.ts'
import type { BuiltImage } from '../catalogue/built-image.ts'
import { StageError } from '../error.ts'
import { listRecords, type RecordKind, recall, writeRecord } from '../store/record.ts'
import type { Store } from '../store/store.ts'
import { loadReportSchema } from './report-file.ts'

/** Reports of loads by the digest of the image that was on the bench; the last one of each. */
const benched: RecordKind<LoadReport> = { name: 'bench', schema: loadReportSchema }

/** Keeps the last report of an image, which leaves with it. */
export async function keepLoadReport(store: Store, report: LoadReport): Promise<void> {
  await writeRecord(store, benched.name, report.image, loadReportJson(report))
}

export async function recallLoadReport(store: Store, image: Digest): Promise<LoadReport | undefined> {
  const report = await recall(store, benched, image)
  return report?.image === image ? report : undefined
}

/** The last report of an image of this name, of those whose limits all held. Throws `no-file` where there is none. */
export async function lastAccepted(store: Store, name: string): Promise<LoadReport> {
  const images = (await listRecords(store, benched.name)).filter(isDigest)
  const all = await Promise.all(images.map((image) => recallLoadReport(store, image)))
  const accepted = all.filter((report) => report !== undefined).filter((report) => report.name === name)
  const [last] = accepted
    .filter((report) => doubtOf(report) === null)
    .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1))
  if (last !== undefined) return last
  throw new StageError('no-file', {
    attempted: `compare with the last accepted report of ${name}`,
    found: accepted.length === 0 ? 'the store has none' : 'of those in the store none kept all limits',
    hint: 'run `ingot bench` without --against first, or name the load.json of a run',
  })
}

/** Why nothing follows from a report; null where everything that was asked for held. */
export function doubtOf({ judgement, quality, comparison }: LoadReport): string | null {
  const statuses = [judgement.status, quality?.judgement.status, comparison?.status]
  if (statuses.includes('failed')) return 'a limit was not kept'
  if (statuses.includes('regressed')) return 'it became slower than the report that was accepted'
  if (statuses.includes('not comparable'))
    return 'the machine was too busy, or another one, so nothing could be judged'
  return statuses.includes('passed') ? null : 'it had no limits'
}

/** Throws `not-verified` for an image that was never on the bench, or from whose report nothing follows. */
export async function requireBenched(store: Store, { plan, report }: BuiltImage): Promise<void> {
  const found = await recallLoadReport(store, report.image)
  const doubt = found === undefined ? 'it was not on the bench, as far as the store knows' : doubtOf(found)
  if (doubt === null) return
  throw new StageError('not-verified', {
    attempted: `publish ${plan.name}, ${report.image}, once it kept its limits on the bench`,
    found: doubt,
    hint: `run \`ingot bench ${plan.name}\` with limits in verify.load or verify.quality; --benched asked for it`,
  })
}
