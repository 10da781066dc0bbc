import type { BootMeasurements, BootReport, SpeedRun, TimeSpan } from '../../images/boot/boot-report.ts'
import type { CheckResult } from '../../images/boot/check-result.ts'
import type { ContainerFacts } from '../../images/boot/container-facts.ts'
import { missingLines } from '../../images/boot/missing-words.ts'
import type { MeasuredStart, StartWords } from '../../images/boot/start-line.ts'
import { engineOf } from '../../images/engines/engines.ts'
import type { BootedServer } from '../boot/runner.ts'
import type { VerifyPlan } from './planned-boots.ts'
import { median } from './speed.ts'

/** Peak of one boot, and which of the two counts it is. */
export function peakMemory({ cgroupPeakBytes, residentPeakBytes }: ContainerFacts) {
  if (cgroupPeakBytes !== null) return { peakMemoryBytes: cgroupPeakBytes, peakMemoryFrom: 'cgroup' } as const
  return {
    peakMemoryBytes: residentPeakBytes,
    peakMemoryFrom: residentPeakBytes === null ? null : 'resident',
  } as const
}

/** The figures that the report keeps of one boot. */
export function measuredOf(
  readiness: CheckResult,
  runs: SpeedRun[],
  { cgroupPeakBytes, residentPeakBytes }: ContainerFacts,
): Omit<BootMeasurements, 'containerMs' | 'gpuMemoryBytes'> {
  return {
    readyMs: readiness.status === 'passed' ? readiness.durationMs : null,
    firstTokenMs: median(runs.map((run) => run.firstTokenMs)),
    tokensPerSecond: median(runs.map((run) => run.tokensPerSecond)),
    runs,
    hostMemory: { cgroupPeakBytes, residentPeakBytes },
  }
}

/** What took time, in the order of the boot. */
export function spansOf(containerMs: number, checks: readonly CheckResult[]): TimeSpan[] {
  const timed = checks.filter((check) => check.durationMs > 0)
  return [
    { what: 'pull the image and start the container', beganMs: 0, endedMs: containerMs },
    ...timed.map(({ title, beganMs, durationMs }) => ({
      what: title,
      beganMs,
      endedMs: beganMs + durationMs,
    })),
  ]
}

/** What was measured of a start, with the pull apart where the runner tells it. */
export function startOf(
  { pullMs }: Pick<BootedServer, 'pullMs'>,
  { containerMs, readyMs, firstTokenMs }: BootMeasurements,
): MeasuredStart {
  const rest = { readyMs, firstTokenMs }
  if (pullMs === undefined) return { pullMs: null, containerMs, ...rest }
  return { pullMs, containerMs: Math.max(0, containerMs - pullMs), ...rest }
}

/** A server of the recipe around the engine shows the engine's log too. */
export function startWordsOf({ engine }: Pick<VerifyPlan, 'engine'>): readonly StartWords[] {
  return engineOf(engine.id).startWords ?? []
}

/** What only some boots have: lines that say what the server goes without, a stand-in driver, workers. */
export function besidesOf(
  log: string,
  { standIn }: { standIn?: object | undefined },
  workers: Pick<BootReport, 'workers'>,
): Pick<BootReport, 'missing' | 'standIn' | 'workers'> {
  const missing = missingLines(log)
  return {
    ...(missing.length > 0 && { missing }),
    ...(standIn !== undefined && { standIn: true }),
    ...workers,
  }
}
