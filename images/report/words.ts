import { formatBytes } from '../../lib/bytes.ts'
import { formatMs } from '../../lib/duration.ts'
import type { BootReport } from '../boot/boot-report.ts'
import type { PredictedMemory } from '../memory/predicted.ts'
import { countChecks, type Report } from './report.ts'

/** The verdict, with what it does not say. */
export function verdictWords({ verdict }: Pick<Report, 'verdict'>): string {
  return verdict === 'stand-in boot' ? 'booted on a CPU with a stand-in driver: kernels not run' : verdict
}

export function bootTitle({ identity, profile, runner, machine, standIn }: BootReport): string {
  const emulated = machine?.emulates === undefined ? '' : `, ${machine.emulates} emulated`
  return `${profile} boot as ${identity.uid}:${identity.gid} in ${runner}${emulated}${standIn ? ', on a CPU with a stand-in driver' : ''}`
}

export function readyWords({ readyAfterMs }: BootReport): string {
  return readyAfterMs === null ? 'never ready' : `ready after ${formatMs(readyAfterMs)}`
}

/** What a start is made of, the steps that nobody measured at the end; empty in older reports. */
export function startWords({ start = [] }: BootReport): string {
  const told = start.flatMap(({ step, ms }) => (ms === null ? [] : [`${step} ${formatMs(ms)}`]))
  const untold = start.flatMap(({ step, ms }) => (ms === null ? [step] : []))
  if (told.length === 0) return ''
  return `from an empty node: ${told.join(', ')}${untold.length === 0 ? '' : `; not measured: ${untold.join(', ')}`}`
}

/** Peak memory of the host, and which of the two ways to count it is. */
export function measuredMemoryWords({ peakMemoryBytes, peakMemoryFrom }: BootReport): string {
  if (peakMemoryBytes === null) return 'peak memory unknown'
  const how = peakMemoryFrom === 'cgroup' ? 'charged to its control group' : 'resident, processes added up'
  return `peak memory ${formatBytes(peakMemoryBytes)} (${how})`
}

export function speedWords({ measured: { firstTokenMs, tokensPerSecond } }: BootReport): string {
  if (firstTokenMs === null || tokensPerSecond === null) return 'speed unknown'
  return `first token after ${formatMs(firstTokenMs)}, then ${tokensPerSecond.toFixed(1)} tokens/s`
}

/** How long each stop took; empty where none was tried. */
export function stopWords({ stops = [] }: BootReport): string {
  const words = stops.map(
    ({ occasion, exitCode, waitedMs }) => `${occasion} ${exitCode === null ? 'killed' : formatMs(waitedMs)}`,
  )
  return words.length === 0 ? '' : `stopped: ${words.join(', ')}`
}

/** Sentences for what its log says that the server goes without. */
export function missingWords({ missing = [] }: BootReport): string[] {
  return missing.map((line) => `its log says that it goes without: ${line}`)
}

/** What was planned, to stand beside what a boot measured. */
export function plannedWords({ of, limitBytes, parts, bound }: PredictedMemory): string {
  const all = parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const limit = limitBytes === null ? '' : ` of ${formatBytes(limitBytes)}`
  const speed =
    bound === undefined
      ? `no bound of the speed: what the ${of === 'gpu' ? 'GPU' : 'CPU'} can do is not known`
      : `at most ${bound.tokensPerSecond.toFixed(1)} tokens/s of one stream, the first of a prompt of ${bound.promptTokens} tokens after at least ${formatMs(bound.firstTokenMs)}`
  return `${of} memory ${formatBytes(all)}${limit}; ${speed}`
}

/** The same with the speed of every boot after it. */
export function plannedAndMeasured(memory: PredictedMemory, boots: readonly BootReport[]): string {
  const measured = boots.map((boot) => `${bootTitle(boot)}: ${speedWords(boot)}`).join('; ')
  const overruled =
    memory.overruled === undefined ? '' : ` The recipe overruled a refusal (target.fit): ${memory.overruled}.`
  return `Planned: ${plannedWords(memory)}. Measured: ${measured || 'nothing, it was not booted'}.${overruled}`
}

/** What the machine is, in one line. */
export function machineWords({ machine }: BootReport): string {
  if (machine === null) return 'machine unknown'
  const { runner, version, kernel, cpus, memoryBytes, gpus, driver, cuda, emulates } = machine
  return [
    `${runner} ${version}`,
    `Linux ${kernel}`,
    `${cpus} CPUs`,
    formatBytes(memoryBytes),
    ...gpus.map((gpu) => `${gpu.name} (${formatBytes(gpu.memoryBytes)})`),
    ...(gpus.length === 0 ? ['no GPU'] : [`driver ${driver}`, `CUDA up to ${cuda ?? 'unknown'}`]),
    ...(emulates === undefined ? [] : [`${emulates} emulated: its speed says nothing`]),
  ].join(', ')
}

/** `2 failed (optional)`: a verdict that does not ask for a check has to be understood beside its failure. */
export function failedWords(report: Pick<Report, 'checks' | 'boots'>): string {
  const checks = [...report.checks, ...report.boots.flatMap((boot) => boot.checks)]
  const failed = checks.filter(({ status }) => status === 'failed')
  const optional = failed.filter(({ required }) => !required).length
  if (optional === 0) return `${failed.length} failed`
  const words = optional === failed.length ? 'optional' : `${optional} of them optional`
  return `${failed.length} failed (${words})`
}

/** Counts of all checks, for the line with the verdict. */
export function countWords(report: Pick<Report, 'checks' | 'boots'>): string {
  const { passed, skipped } = countChecks(report)
  return `${passed} checks passed, ${failedWords(report)}, ${skipped} skipped`
}
