import type { VulkanDriver } from '../../recipes/recipe.ts'
import type { RunFacts } from './facts.ts'
import type { RunWorkers } from './run-machines.ts'

/** The head of every run file: what it starts, where its figures come from, and what it needs. */
export function commentOf({ name, model, origins, question }: RunFacts, notes: readonly string[]): string[] {
  return [
    `# ${name} serves ${model}. Made by \`ingot run-files\`; make it again after a build.`,
    ...[...origins, ...notes, 'First question:', ...question.trimEnd().split('\n')].map((line) =>
      `# ${line}`.trimEnd(),
    ),
  ]
}

/** The head of a worker's file. */
export function workerComment({ name, origins }: RunFacts, { count, port }: RunWorkers): string[] {
  return [
    `# A worker of ${name}, on each of ${count} machines. Made by \`ingot run-files\`; make it again after a build.`,
    ...origins.filter((line) => line.startsWith('Workers:')).map((line) => `# ${line}`),
    `# Whoever reaches port ${port} can use and crash it: it asks for no key, and nothing is encrypted. Keep it in a network of its own.`,
  ]
}

/** Whole MiB, rounded up. */
export function mebibytes(sizeBytes: number): number {
  return Math.ceil(sizeBytes / 1024 ** 2)
}

/** Ports below 1024 need a word with the kernel where the user is not root. */
export function needsLowPort({ port }: RunFacts): boolean {
  return port < 1024
}

/** The first card that the kernel offers to Mesa. */
export const renderNode = '/dev/dri/renderD128'

/** Whether a Vulkan image computes on a card through /dev/dri; NVIDIA's toolkit brings its own nodes. */
export function usesCards(drivers: readonly VulkanDriver[]): boolean {
  return drivers.includes('amd') || drivers.includes('intel')
}

/** The node that ROCm computes through. */
export const computeNode = '/dev/kfd'

/** Nodes of cards that a container needs, and the one whose group may open it beside; null where another tool hands them over. */
export function cardNodes({ vulkan, rocm }: Pick<RunFacts, 'vulkan' | 'rocm'>): string[] | null {
  if (rocm) return ['/dev/dri', computeNode]
  if (vulkan === undefined) return null
  return usesCards(vulkan) ? ['/dev/dri'] : []
}

/** Names of GPUs in the Container Device Interface. */
export function cdiNames(gpus: number, devices: readonly number[] | undefined): string[] {
  return (devices ?? Array.from({ length: gpus }, (_, index) => index)).map(
    (index) => `nvidia.com/gpu=${index}`,
  )
}
