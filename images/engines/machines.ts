import type { Deployment, Refusal } from './engine.ts'

/** Name under which a server finds a worker where nobody says another; the first is 1. */
export function workerName(number: number): string {
  return `worker-${number}`
}

/** The value of the variable that names so many workers. */
export function workerAddresses(count: number, port: number): string {
  return Array.from({ length: count }, (_, index) => `${workerName(index + 1)}:${port}`).join(',')
}

type SeveralMachines = Pick<Deployment, 'recipe' | 'engine' | 'runtime'>

/** What speaks against several machines, all of it in the recipe. */
export function machineRefusals(deployment: SeveralMachines): Refusal[] {
  const { recipe, engine } = deployment
  const { nodes } = recipe.serving
  if (nodes === 1) return []
  const { machines } = engine
  const path = 'serving.nodes'
  if (machines === null)
    return [
      {
        path,
        found: `${nodes} machines, and ingot starts ${engine.title} on one`,
        hint: 'leave it out, or choose llama-cpp',
      },
    ]
  return [
    ...ownCommandRefusals(deployment),
    ...machines.refusals(recipe, deployment.runtime).map((refusal) => ({ path, ...refusal })),
  ]
}

function ownCommandRefusals({ recipe }: SeveralMachines): Refusal[] {
  if (recipe.image.command === undefined) return []
  return [
    {
      path: 'serving.nodes',
      found: `${recipe.serving.nodes} machines behind a command of the recipe's own`,
      hint: 'leave image.command out: what starts the engine on several machines is written for the engine alone',
    },
  ]
}
