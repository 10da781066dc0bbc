import type { Recipe } from '../../recipes/recipe.ts'
import type { Device } from './device.ts'

/**
 * Workers that hold the layers, and a server that sends them there and asks for what they compute. It finds them by a variable:
 * `HOST:PORT` of each, with commas between.
 */
export interface WorkerMachines {
  type: 'workers'
  port: number
  variable: string
  command(recipe: Recipe): string[]
  /** Buffers of weights that the server's log counts: named groups `worker`, as in the variable, and `mib`. */
  heldLines: string
  /** What the server says when a worker is not there. */
  failureLines: readonly string[]
  /** What speaks against several machines of this recipe on this runtime. */
  refusals(recipe: Recipe, runtime: { kind: string; device: Device }): { found: string; hint: string }[]
}

/** The same server on every machine. What one is told besides follows from its place among them. */
export interface RankedMachines {
  type: 'ranks'
  /** Where the first one waits for the others. */
  port: number
  argumentsOf(place: MachinePlace): string[]
  /** Where this was read. */
  source: string
}

export interface MachinePlace {
  count: number
  /** A number, or what a tool puts a number in place of. 0 answers. */
  rank: string
  isFirst: boolean
  /** Address of the first machine, which all others reach. */
  firstAddress: string
}

/** How an engine splits one model over several machines. */
export type Machines = WorkerMachines | RankedMachines
