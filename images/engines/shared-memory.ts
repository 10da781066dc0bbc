import { formatBytes } from '../../lib/bytes.ts'
import type { Deployment, Refusal } from './engine.ts'
import { ranksOf } from './ranks.ts'

const MiB = 1024 ** 2
const GiB = 1024 ** 3

/** What Docker gives a container that asks for nothing. */
const usualBytes = 64 * MiB

/** NCCL's guide: ranks in containers need `--shm-size=1g`, since the usual 64 MB end in "unhandled system error". */
const leastBytes = GiB

/** Bytes of /dev/shm: what the recipe says, or by engine and ranks. One process, and one rank, need no more than usual. */
export function sharedMemoryOf(deployment: Deployment): number {
  const { recipe, engine } = deployment
  const ranks = ranksOf(deployment)
  const byEngine =
    engine.sharedMemory === null || ranks === 1
      ? usualBytes
      : Math.max(engine.sharedMemory.sizeBytes, ranks * leastBytes)
  return recipe.serving.sharedMemory ?? byEngine
}

/** Refuses what is surely too little: the server would end in an error of NCCL that names no memory. */
export function sharedMemoryRefusals(deployment: Pick<Deployment, 'recipe' | 'engine'>): Refusal[] {
  const { recipe, engine } = deployment
  const asked = recipe.serving.sharedMemory
  const ranks = ranksOf(deployment)
  if (asked === undefined || engine.sharedMemory === null || ranks === 1 || asked >= leastBytes) return []
  return [
    {
      path: 'serving.sharedMemory',
      found: `${formatBytes(asked)} for ${ranks} GPUs; NCCL needs ${formatBytes(leastBytes)} in a container`,
      hint: `leave it out for ${formatBytes(Math.max(engine.sharedMemory.sizeBytes, ranks * leastBytes))} (${engine.sharedMemory.source}), or set ${formatBytes(leastBytes)} or more`,
    },
  ]
}
