import type { Recipe } from '../../recipes/recipe.ts'
import type { Device } from './device.ts'

/**
 * How an engine splits one model over several machines: workers that hold the layers, and a server that sends them there and asks for what they compute. It finds them by a variable:
 * `HOST:PORT` of each, with commas between.
 */
export interface WorkerMachines {
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
