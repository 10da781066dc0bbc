import type { BootMeasurements, SpeedRun, TimeSpan } from '../../images/boot/boot-report.ts'
import type { CheckResult } from '../../images/boot/check-result.ts'
import type { ContainerFacts } from '../../images/boot/container-facts.ts'
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
