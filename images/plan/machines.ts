import type { Deployment } from '../engines/engine.ts'
import type { WorkerMachines } from '../engines/machine-rules.ts'
import { workerAddresses, workerName } from '../engines/machines.ts'

/** Programs of the same image on other machines, which hold the layers for one server. */
export interface WorkersPlan {
  names: readonly string[]
  port: number
  /** What a worker is started with in place of the image's own command. */
  command: readonly string[]
  /** Variable by which the server finds them, and its value in the image. */
  variable: string
  addresses: string
  /** Lines of the server's log that say what a worker holds: named groups `worker` and `mib`. */
  heldLines: string
}

/** Nothing for one machine, so that a plan is the one it was before there were several. */
export function machinesOf(deployment: Deployment): { machines?: WorkersPlan } {
  const { recipe, engine } = deployment
  const { nodes } = recipe.serving
  const { machines } = engine
  if (nodes === 1 || machines === null) return {}
  return { machines: workersOf(deployment, machines) }
}

/** The init stands before a worker as before the server: as first process it would hear no signal. */
function workersOf(deployment: Deployment, machines: WorkerMachines): WorkersPlan {
  const { nodes } = deployment.recipe.serving
  const { port, variable, heldLines } = machines
  return {
    names: Array.from({ length: nodes }, (_, index) => workerName(index + 1)),
    port,
    command: [...deployment.init, ...machines.command(deployment.recipe)],
    variable,
    addresses: workerAddresses(nodes, port),
    heldLines,
  }
}

/** What nobody can tell of several machines before they are there. */
export function machineDoubts({ recipe, engine }: Deployment): string[] {
  const { nodes } = recipe.serving
  if (nodes === 1 || engine.machines === null) return []
  return [
    `serving.nodes: layers are divided over the ${nodes} workers by the memory that each says is free, so what each must have is not told here; all of them together need what one machine would`,
    'serving.nodes: workers ask for no key and trust whoever reaches them: keep their port in a network of theirs and the server alone',
  ]
}
