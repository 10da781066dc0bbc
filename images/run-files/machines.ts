import { digestOf, hexOf } from '../../lib/digest.ts'
import type { RunFacts } from './facts.ts'
import type { Placement } from './placement.ts'
import type { RunWorkers } from './run-machines.ts'
import { fileTargets, type RunTarget } from './targets.ts'

const forWorkers: readonly RunTarget[] = ['docker', 'compose', 'kubernetes', 'quadlet']

/** Tools for which files are written that start this image: all for one machine. */
export function targetsFor({ machines }: Pick<RunFacts, 'machines'>): readonly RunTarget[] {
  return machines === undefined ? [...fileTargets, 'helm'] : forWorkers
}

/** Room for the number of a pod, and for what stands before it, in a label of 63. */
const longestBase = 48

/** Name of the workers of a server, of which a StatefulSet makes names of pods. */
export function workersName(name: string): string {
  if (name.length <= longestBase) return `${name}-worker`
  const hash = hexOf(digestOf(name)).slice(0, 8)
  return `${name.slice(0, longestBase - hash.length - 1).replace(/-+$/, '')}-${hash}-worker`
}

/** Where the server finds the workers: the names that a headless Service gives the pods of a StatefulSet. */
export function workerAddressesIn({ name }: RunFacts, { count, port }: RunWorkers): string {
  const base = workersName(name)
  return Array.from({ length: count }, (_, index) => `${base}-${index}.${base}:${port}`).join(',')
}

/** What a worker is started by: no key, no weights and no card reach it. */
export function workerFacts(facts: RunFacts, { port, memoryLimitBytes }: RunWorkers): RunFacts {
  const { memoryLimitBytes: _, apiKey: __, machines: ___, ...rest } = facts
  return {
    ...rest,
    name: workersName(facts.name),
    port,
    gpus: 0,
    weights: { type: 'none' },
    healthVariables: {},
    ...(memoryLimitBytes !== undefined && { memoryLimitBytes }),
  }
}

export const workerAddressWords = 'address of this machine in the network of the server'

/** Variables that whoever starts the server has to have, with what each of them is. */
export function givenVariables(
  { machines }: RunFacts,
  { secretVariables }: Pick<Placement, 'secretVariables'>,
): { variable: string; words: string }[] {
  const secrets = secretVariables.map(({ variable }) => ({ variable, words: 'value of a secret' }))
  if (machines === undefined) return secrets
  const words = `HOST:${machines.port} of each of the ${machines.count} workers, with commas between`
  return [...secrets, { variable: machines.variable, words }]
}
