import type { GpuRules } from './probe.ts'

/** What the log of a server that was given GPUs says of where it computes. */
export function judgeDeviceLog(log: string, rules: GpuRules): { good: boolean; observed: string } {
  const lines = log.split('\n')
  const first = (patterns: readonly string[]) =>
    lines.find((line) => patterns.some((pattern) => new RegExp(pattern).test(line)))
  const onCpu = first(rules.cpuLines)
  if (onCpu !== undefined)
    return { good: false, observed: `it computes on the CPU, its log says: ${onCpu.trim()}` }
  const onGpu = first(rules.gpuLines)
  if (rules.gpuLines.length > 0 && onGpu === undefined)
    return { good: false, observed: 'its log never says that it computes on a GPU' }
  return { good: true, observed: `${onGpu?.trim() ?? 'no word of the CPU'}${deviceWords(lines, rules)}` }
}

function deviceWords(lines: readonly string[], { deviceLine }: GpuRules): string {
  if (deviceLine === undefined) return ''
  const names = lines.flatMap((line) => new RegExp(deviceLine).exec(line)?.groups?.['device'] ?? [])
  return names.length === 0 ? '' : `; ${[...new Set(names)].join(', ')}`
}
