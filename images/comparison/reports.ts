import { formatBytes } from '../../lib/bytes.ts'
import type { BootReport } from '../boot/boot-report.ts'
import type { CheckResult } from '../boot/check-result.ts'
import type { LayerReport, Report } from '../report/report.ts'
import { bootTitle, countWords, measuredMemoryWords, readyWords, speedWords } from '../report/words.ts'
import type { CauseChange, WordChange } from './plans.ts'

/** A layer that only one of two images has; bytes as they are stored. */
export interface LayerChange {
  cause: string
  digest: string
  sizeBytes: number
  in: 'before' | 'after'
}

export interface ReportComparison {
  /** Name, digest, engine, verdict, sizes and what was measured. */
  facts: WordChange[]
  /** Unpacked bytes of the image by cause. */
  causes: CauseChange[]
  /** Checks with another result. */
  checks: WordChange[]
  layers: LayerChange[]
  /** Stored bytes of the layers that both have: what a registry or node with the first needs no more. */
  sharedBytes: number
}

/** What is otherwise in the report of another image. */
export function compareReports(before: Report, after: Report): ReportComparison {
  const had = new Set(before.layers.map(({ digest }) => digest))
  const has = new Set(after.layers.map(({ digest }) => digest))
  return {
    facts: wordChanges(factsOf(before), factsOf(after), 'none'),
    causes: causeChanges(before, after),
    checks: wordChanges(checksOf(before), checksOf(after), 'not asked'),
    layers: [
      ...before.layers.filter(({ digest }) => !has.has(digest)).map((layer) => changed(layer, 'before')),
      ...after.layers.filter(({ digest }) => !had.has(digest)).map((layer) => changed(layer, 'after')),
    ],
    sharedBytes: after.layers
      .filter(({ digest }) => had.has(digest))
      .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  }
}

function changed({ cause, digest, sizeBytes }: LayerReport, side: LayerChange['in']): LayerChange {
  return { cause, digest, sizeBytes, in: side }
}

function factsOf(report: Report): Map<string, string> {
  const { name, image, plan, engine, model, verdict, sizes, boots } = report
  return new Map([
    ['name', name],
    ['image', image],
    ['plan', plan],
    ['engine', `${engine.id} ${engine.version}`],
    ['model', model],
    ['verdict', verdict],
    ['checks', countWords(report)],
    ['stored', formatBytes(sizes.storedBytes)],
    ['stored runtime', formatBytes(sizes.runtimeBytes)],
    ['stored weights', formatBytes(sizes.weightsBytes)],
    ['files', formatBytes(sizes.keptTreeBytes)],
    ...boots.flatMap(bootFacts),
  ])
}

function bootFacts(boot: BootReport): [string, string][] {
  const title = bootTitle(boot)
  return [
    [`${title}: start`, readyWords(boot)],
    [`${title}: speed`, speedWords(boot)],
    [`${title}: memory`, measuredMemoryWords(boot)],
  ]
}

function checksOf({ checks, boots }: Report): Map<string, string> {
  const rows = (where: string, results: readonly CheckResult[]) =>
    results.map(({ title, status }) => [`${where}: ${title}`, status] as const)
  return new Map([...rows('image', checks), ...boots.flatMap((boot) => rows(bootTitle(boot), boot.checks))])
}

function wordChanges(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  none: string,
): WordChange[] {
  const names = [...new Set([...before.keys(), ...after.keys()])]
  return names
    .map((what) => ({ what, before: before.get(what) ?? none, after: after.get(what) ?? none }))
    .filter((change) => change.before !== change.after)
}

function causeChanges(before: Report, after: Report): CauseChange[] {
  const bytesOf = ({ attribution }: Report) =>
    new Map<string, number>(attribution.causes.map(({ cause, sizeBytes }) => [cause, sizeBytes]))
  const [one, other] = [bytesOf(before), bytesOf(after)]
  return [...new Set([...one.keys(), ...other.keys()])]
    .map((cause) => ({ cause, beforeBytes: one.get(cause) ?? 0, afterBytes: other.get(cause) ?? 0 }))
    .filter(({ beforeBytes, afterBytes }) => beforeBytes !== afterBytes)
}
