import type { VulkanDriver } from '../../recipes/recipe.ts'
import type { RunnerFacts } from '../boot/runner-facts.ts'
import type { Deployment } from '../engines/engine.ts'
import { compareVersions } from '../engines/gpu-support.ts'
import { ranksOf } from '../engines/ranks.ts'
import { driversOf } from '../engines/vulkan-drivers.ts'
import type { Gpu } from '../memory/gpus.ts'
import type { MemoryPlan } from '../memory/result.ts'

/** What an image asks of the machine that boots it. */
export interface Requirements {
  /** GPUs of one server; 0 computes on the CPU. */
  gpus: number
  /** How the GPUs are reached; absent for CUDA. Those of the others are none of NVIDIA's tools, which know nothing of them. */
  api?: 'vulkan' | 'rocm'
  /** Processors of AMD that the image has code for; absent where it is none for ROCm. */
  processors?: readonly string[]
  /** Vulkan drivers in the image, or that it lets in. */
  drivers?: readonly VulkanDriver[]
  /** Oldest NVIDIA driver, such as 525.60.13. */
  minDriver?: string
  /** Lowest compute capability, such as 8.9. */
  minCapability?: number
  /** Memory every one of the GPUs must have. */
  minGpuMemoryBytes?: number
}

/** One thing a machine lacks, with the way out. */
export interface UnmetRequirement {
  found: string
  hint: string
}

/** Everything a machine lacks to boot an image; empty when it can. `givenGpus` is what the person hands to the server. */
export function unmetRequirements(
  required: Requirements,
  runner: RunnerFacts,
  givenGpus: number,
): UnmetRequirement[] {
  if (required.gpus === 0) return []
  if (givenGpus === 0)
    return [
      {
        found: `the image needs ${required.gpus} GPU${required.gpus === 1 ? '' : 's'} and gets none`,
        hint: waysToGpus[required.api ?? 'cuda'],
      },
    ]
  if (required.api === 'vulkan') return []
  if (required.api === 'rocm') return [...tooFew(required, givenGpus), ...otherProcessors(required, runner)]
  if (runner.gpus.length === 0)
    return [
      {
        found: 'nvidia-smi shows no GPU here',
        hint: 'install the NVIDIA driver, or go to a machine with a GPU',
      },
    ]
  return [...tooFew(required, givenGpus), ...oldDriver(required, runner), ...weakGpus(required, runner)]
}

const onTheCard = 'run `ingot verify --runner docker --gpus dri` (or podman) on a machine with the card'
const waysToGpus = {
  cuda: 'run `ingot verify --runner docker --gpus all` (or podman) on a machine with NVIDIA GPUs',
  rocm: onTheCard,
  vulkan: `${onTheCard}, or put \`software\` into target.drivers to try it without one`,
} as const

/** The kernel's driver tells processors of AMD; a machine without its node computes on none. */
function otherProcessors({ processors = [] }: Requirements, { gpus }: RunnerFacts): UnmetRequirement[] {
  const here = gpus.flatMap(({ processor }) => processor ?? [])
  if (here.some((processor) => processors.includes(processor))) return []
  return [
    {
      found:
        here.length === 0
          ? 'the kernel shows no GPU that ROCm computes on (/dev/kfd)'
          : `the GPUs here are ${here.join(', ')} and the image has code for ${processors.join(', ')}`,
      hint:
        here.length === 0
          ? 'load amdgpu with its compute part, or go to a machine with a card of AMD'
          : 'name the card of this machine in target.gpu and build again',
    },
  ]
}

function tooFew({ gpus }: Requirements, givenGpus: number): UnmetRequirement[] {
  return givenGpus >= gpus
    ? []
    : [
        {
          found: `the model is split over ${gpus} GPUs and ${givenGpus} are given`,
          hint: `give it ${gpus} with --gpus`,
        },
      ]
}

function oldDriver({ minDriver }: Requirements, { driver }: RunnerFacts): UnmetRequirement[] {
  if (minDriver === undefined || (driver !== null && compareVersions(driver, minDriver) >= 0)) return []
  return [
    {
      found: `the NVIDIA driver is ${driver ?? 'unknown'} and the image needs ${minDriver}`,
      hint: `update the driver to ${minDriver} or newer, or build with an older CUDA by another engine.version`,
    },
  ]
}

function weakGpus(
  { minCapability, minGpuMemoryBytes }: Requirements,
  { gpus }: RunnerFacts,
): UnmetRequirement[] {
  return gpus.flatMap(({ name, capability, memoryBytes }) => [
    ...(minCapability !== undefined && capability !== null && capability < minCapability
      ? [
          {
            found: `${name} has compute capability ${capability.toFixed(1)} and the image needs ${minCapability.toFixed(1)}`,
            hint: 'choose a newer GPU, or an engine that supports this one',
          },
        ]
      : []),
    ...(minGpuMemoryBytes !== undefined && memoryBytes < minGpuMemoryBytes
      ? [
          {
            found: `${name} has ${gib(memoryBytes)} and the image needs ${gib(minGpuMemoryBytes)}`,
            hint: 'choose a GPU with more memory, a shorter context or a smaller quantisation',
          },
        ]
      : []),
  ])
}

function gib(sizeBytes: number): string {
  return `${(sizeBytes / 1024 ** 3).toFixed(1)} GiB`
}

/** What an image for GPUs asks of a machine; nothing for one that computes on the CPU. */
export function requirementsOf(
  deployment: Deployment,
  memory: MemoryPlan | null,
): { requires?: Requirements } {
  const { recipe, runtime } = deployment
  if (runtime.device === 'cpu') return {}
  const needed = memory?.outcome === 'planned' ? memory.limitBytes : undefined
  return {
    requires: {
      gpus: Math.max(recipe.target.count, ranksOf(deployment)),
      ...(runtime.gpu === undefined
        ? {}
        : { minDriver: runtime.gpu.minDriver, minCapability: runtime.gpu.minCapability }),
      ...(runtime.device === 'vulkan'
        ? { api: runtime.device, drivers: [...driversOf(recipe, deployment.gpu)] }
        : {}),
      ...(runtime.amd === undefined
        ? {}
        : { api: 'rocm', processors: processorsOf(runtime.amd.processors, deployment.gpu) }),
      ...(needed === undefined ? {} : { minGpuMemoryBytes: needed }),
    },
  }
}

/** Code for the card's processor stays alone; all of it stays where the recipe names no card. */
function processorsOf(all: readonly string[], gpu: Gpu | null): readonly string[] {
  return gpu === null ? all : [gpu.architecture]
}
