import type { ImagePlan } from '../plan/plan.ts'

/** Workers beside a server: the image with another command, on machines of their own. */
export interface RunWorkers {
  count: number
  port: number
  command: readonly string[]
  /** Tells the server where they are: HOST:PORT of each, with commas between. */
  variable: string
  /** Undefined where no boot measured it: then no limit is set. */
  memoryLimitBytes?: number
}

/** `workerBytes` is the most that all workers together took, of which each may have to hold all; undefined without a boot. */
export function runMachinesOf(
  { machines }: { machines: ImagePlan['machines'] | undefined },
  workerLimitBytes: number | undefined,
): RunWorkers | undefined {
  if (machines === undefined) return undefined
  const { names, port, command, variable } = machines
  return {
    count: names.length,
    port,
    command,
    variable,
    ...(workerLimitBytes !== undefined && { memoryLimitBytes: workerLimitBytes }),
  }
}
