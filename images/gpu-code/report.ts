import type { Architecture } from './architecture.ts'
import { architectureNumber, nameOf } from './architecture.ts'
import type { CodeContainer, CodeEntry } from './container.ts'
import { isMarker } from './empty-cubin.ts'
import { type CodeVerdict, type ContainerPlan, decide } from './keep.ts'

/** Bytes of one kind of code for one architecture: `sm_90a`, `compute_80`. */
export interface CodeShare {
  name: string
  kind: CodeEntry['kind']
  entries: number
  /** Payloads as they stand in the file. */
  sizeBytes: number
  unpackedBytes: number
}

/** What a file holds, without any target. */
export interface CodeSummary {
  containers: number
  /** Containers with their headers. */
  sizeBytes: number
  bySection: Record<string, number>
  shares: CodeShare[]
}

/** What a file holds for one target. All figures but the last three are bytes of payload. */
export interface TargetSummary {
  target: string
  kept: Record<string, number>
  cannotRun: Record<string, number>
  neverChosen: Record<string, number>
  /** PTX that the driver compiles at the first use, in the stock file too. */
  compiledBytes: number
  containersCompiled: number
  containersWithout: number
}

export function summarise(containers: readonly CodeContainer[]): CodeSummary {
  const bySection: Record<string, number> = {}
  const shares = new Map<string, CodeShare>()
  for (const container of containers) {
    bySection[container.section] = (bySection[container.section] ?? 0) + container.sizeBytes
    for (const entry of container.entries) if (!isMarker(entry)) addTo(shares, entry)
  }
  return {
    containers: containers.length,
    sizeBytes: containers.reduce((total, { sizeBytes }) => total + sizeBytes, 0),
    bySection,
    shares: [...shares.values()].sort(byKindAndNumber),
  }
}

function addTo(shares: Map<string, CodeShare>, entry: CodeEntry): void {
  const name = entryName(entry)
  const share = shares.get(name) ?? { name, kind: entry.kind, entries: 0, sizeBytes: 0, unpackedBytes: 0 }
  share.entries += 1
  share.sizeBytes += entry.payloadBytes
  share.unpackedBytes += entry.unpackedBytes
  shares.set(name, share)
}

export function entryName({ kind, architecture }: CodeEntry): string {
  return kind === 'other'
    ? `other_${architectureNumber(architecture)}`
    : nameOf(architecture, kind === 'ptx' ? 'compute' : 'sm')
}

function byKindAndNumber(a: CodeShare, b: CodeShare): number {
  const number = (share: CodeShare) => Number(/\d+/.exec(share.name)?.[0] ?? 0)
  return a.kind === b.kind ? number(a) - number(b) || (a.name < b.name ? -1 : 1) : a.kind < b.kind ? -1 : 1
}

export function summariseFor(
  containers: readonly CodeContainer[],
  targets: readonly Architecture[],
): TargetSummary {
  const plans = containers.map((container) => ({ container, decisions: decide(container, targets) }))
  const whys = plans.map(({ decisions }) => decisions.map(({ verdict }) => verdict.why))
  const compiled = sumBy(plans, ({ why }) => why === 'compiled')
  return {
    target: targets.map((target) => nameOf(target)).join('+'),
    kept: sumBy(plans, ({ keep }) => keep),
    cannotRun: sumBy(plans, ({ why }) => why === 'cannot-run'),
    neverChosen: sumBy(plans, ({ why }) => why === 'never-chosen'),
    compiledBytes: total(compiled),
    containersCompiled: whys.filter((reasons) => reasons.includes('compiled')).length,
    containersWithout: plans.filter(({ decisions }) => decisions.every(({ verdict }) => !verdict.keep))
      .length,
  }
}

function sumBy(
  plans: readonly ContainerPlan[],
  wanted: (verdict: CodeVerdict) => boolean,
): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { entry, verdict } of plans.flatMap(({ decisions }) => decisions))
    if (wanted(verdict) && !isMarker(entry))
      sums[entryName(entry)] = (sums[entryName(entry)] ?? 0) + entry.payloadBytes
  return sums
}

export function total(sums: Record<string, number>): number {
  return Object.values(sums).reduce((all, bytes) => all + bytes, 0)
}
