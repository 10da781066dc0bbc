import type { ImagePlan } from '../plan/plan.ts'

/** Workers beside a server: the image with another command, on machines of their own. */
export interface RunWorkers {
  type: 'workers'
  count: number
  port: number
  command: readonly string[]
  /** Tells the server where they are: HOST:PORT of each, with commas between. */
  variable: string
  /** Undefined where no boot measured it: then no limit is set. */
  memoryLimitBytes?: number
}

/** The image on several machines, with more arguments on the first one and on the others. */
export interface RunRanks {
  type: 'ranks'
  count: number
  /** With `$FIRST` in place of the address of the first machine, and `$RANK` in place of the number of another. */
  first: readonly string[]
  further: readonly string[]
}

export type RunMachines = RunWorkers | RunRanks

/** `workerBytes` is the most that all workers together took, of which each may have to hold all; undefined without a boot. */
export function runMachinesOf(
  { machines }: { machines: ImagePlan['machines'] | undefined },
  workerLimitBytes: number | undefined,
): RunMachines | undefined {
  if (machines === undefined) return undefined
  if (machines.type === 'ranks') {
    const { count, first, further } = machines
    return { type: 'ranks', count, first, further }
  }
  const { names, port, command, variable } = machines
  return {
    type: 'workers',
    count: names.length,
    port,
    command,
    variable,
    ...(workerLimitBytes !== undefined && { memoryLimitBytes: workerLimitBytes }),
  }
}
