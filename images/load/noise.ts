import { spreadOf } from './statistics.ts'
import type { LoadStep } from './step.ts'

/** Ticks of the kernel, of all processors together since the machine started. */
export interface ProcessorTimes {
  total: number
  busy: number
  /** What the host of a virtual machine took for others. */
  stolen: number
  /** Of the server's own processes. */
  server: number
}

/** The processor's name in what pipelines/boot/processors.sh prints. */
export function parseProcessorName(text: string): string | null {
  return /^model name\s*: (.+)$/m.exec(text)?.[1]?.trim() ?? null
}

/** Reads what pipelines/boot/processors.sh prints; null where a line is missing. */
export function parseProcessorTimes(text: string): ProcessorTimes | null {
  const machine = /^cpu +((?:\d+ ?)+)/m.exec(text)?.[1]
  const server = /^server (\d+)/m.exec(text)?.[1]
  if (machine === undefined || server === undefined) return null
  // user nice system idle iowait irq softirq steal; guest times are in user already (proc_stat(5)).
  const ticks = machine.trim().split(' ').map(Number).slice(0, 8)
  const [, , , idle = 0, waiting = 0, , , stolen = 0] = ticks
  const total = ticks.reduce((sum, value) => sum + value, 0)
  return { total, busy: total - idle - waiting - stolen, stolen, server: Number(server) }
}

/** How much of all processors went where between two readings, as shares; null where nothing can be said. */
export interface ProcessorShares {
  /** Neither the server nor idle. While the server is idle, that is what others do. */
  others: number
  stolen: number
}

export function sharesBetween(
  first: ProcessorTimes | null,
  last: ProcessorTimes | null,
): ProcessorShares | null {
  if (first === null || last === null || last.total <= first.total) return null
  const total = last.total - first.total
  const others = last.busy - first.busy - (last.server - first.server)
  return { others: Math.max(0, others) / total, stolen: Math.max(0, last.stolen - first.stolen) / total }
}

/** What the run itself says of the machine. */
export interface MachineNoise {
  /** Share of all processors that others used before each step, while the server was idle; empty where nobody can tell. */
  idleOthers: number[]
  /** Largest share that was stolen in a step. */
  stolen: number | null
  /** How far the medians of the first step and its repeat are apart, as a share. */
  spread: { ttft: number | null; itl: number | null; e2e: number | null }
  /** Why figures of this run are not comparable; empty on a quiet machine. */
  busy: string[]
}

/**
 * A machine is busy when others use a tenth of its processors, a fiftieth is stolen, or the first step took a quarter longer
 * or shorter when it was made again (docs/bench.md).
 */
const limits = { others: 0.1, stolen: 0.02, spread: 0.25 } as const

export function noiseOf(
  steps: readonly LoadStep[],
  idle: readonly (ProcessorShares | null)[],
  during: readonly (ProcessorShares | null)[],
): MachineNoise {
  const idleOthers = idle.flatMap((shares) => shares?.others ?? [])
  const stolenShares = [...idle, ...during].flatMap((shares) => shares?.stolen ?? [])
  const stolen = stolenShares.length === 0 ? null : Math.max(...stolenShares)
  const spread = spreadsOf(steps)
  const others = Math.max(0, ...idleOthers)
  const busy = [
    ...(others > limits.others
      ? [`others used ${percent(others)} of the processors while the server was idle`]
      : []),
    ...(stolen !== null && stolen > limits.stolen
      ? [`${percent(stolen)} of the processors were taken by the host of this machine`]
      : []),
    ...Object.entries(spread).flatMap(([metric, share]) =>
      share !== null && share > limits.spread
        ? [`the median ${metric} of the first step differs by ${percent(share)} from that of its repeat`]
        : [],
    ),
  ]
  return { idleOthers, stolen, spread, busy }
}

function spreadsOf(steps: readonly LoadStep[]): MachineNoise['spread'] {
  const first = steps.find(({ isRepeat }) => !isRepeat)?.figures
  const again = steps.find(({ isRepeat }) => isRepeat)?.figures
  const of = (metric: 'ttftMs' | 'itlMs' | 'e2eMs') =>
    spreadOf(first?.[metric]?.p50 ?? null, again?.[metric]?.p50 ?? null)
  return { ttft: of('ttftMs'), itl: of('itlMs'), e2e: of('e2eMs') }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`
}
