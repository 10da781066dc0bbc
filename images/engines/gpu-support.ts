import type { Recipe } from '../../recipes/recipe.ts'
import { capabilityOf, isAmd, vendorOf } from '../memory/gpus.ts'
import type { Device } from './device.ts'
import type { Deployment, Refusal } from './engine.ts'
import type { GpuSupport } from './engine-facts.ts'
import type { Quantizations } from './quantization-table.ts'
import { quantizationRefusals } from './quantizations.ts'
import { askedOf, ranksOf } from './ranks.ts'

/**
 * Without both the container toolkit injects no driver library: bases of NVIDIA set them, plain ones do not.
 */
export function gpuEnvironment(device: Device): Record<string, string> {
  return device !== 'cuda'
    ? {}
    : {
        NVIDIA_VISIBLE_DEVICES: 'all',
        NVIDIA_DRIVER_CAPABILITIES: 'compute,utility',
        CUDA_CACHE_PATH: '/tmp/nv',
      }
}

/** Wheels and images built with CUDA 13.0, which supports Turing and newer. */
export const cuda13: GpuSupport = { cuda: '13.0', minCapability: 7.5, minDriver: '580' }

/** The same with 12.9. 525 by minor-version compatibility is unconfirmed; 575 runs it natively. */
export const cuda129: GpuSupport = { cuda: '12.9', minCapability: 7.5, minDriver: '525' }

/** True when the recipe's oldest driver runs this build; a recipe that names none is believed. */
export function atLeastDriver({ target }: Recipe, { minDriver }: GpuSupport): boolean {
  return target.driver === undefined || compareVersions(target.driver, minDriver) >= 0
}

/** Drivers are numbers and dots, compared part by part: 525 is below 525.60.13. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number))
  const length = Math.max(left?.length ?? 0, right?.length ?? 0)
  for (let i = 0; i < length; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** What of a deployment decides whether its hardware suits; all but the facts stands in the recipe. */
export type Hardware = Pick<Deployment, 'recipe' | 'engine' | 'runtime' | 'gpu' | 'facts'>

/** What GPU, driver, the number of GPUs and the model's quantisation rule out. */
export function gpuRefusals(deployment: Deployment, quantizations: Quantizations | null): Refusal[] {
  return [
    ...hardwareRefusals(deployment),
    ...(quantizations === null ? [] : quantizationRefusals(deployment, quantizations)),
  ]
}

/** What GPU, driver and the number of GPUs rule out. */
export function hardwareRefusals(hardware: Hardware): Refusal[] {
  return [...capabilityRefusals(hardware), ...processorRefusals(hardware), ...parallelRefusals(hardware)]
}

function capabilityRefusals(deployment: Hardware): Refusal[] {
  const { recipe, runtime, gpu } = deployment
  const support = runtime.gpu
  if (support === undefined) return []
  const found: Refusal[] = []
  const maker = gpu && vendorOf(gpu)
  if (gpu && maker !== 'nvidia')
    found.push({
      path: 'target.gpu',
      found: `${gpu.name} is ${maker === 'amd' ? 'an AMD' : 'an Intel'} GPU and this runtime is built for CUDA ${support.cuda}`,
      hint: `${otherDeviceHint(deployment, maker)}name an NVIDIA GPU${maker === 'intel' ? '; images for SYCL are not built here' : elsewhereHint(deployment)}`,
    })
  else if (gpu && capabilityOf(gpu) > 0 && capabilityOf(gpu) < support.minCapability)
    found.push({
      path: 'target.gpu',
      found: `${gpu.name} has compute capability ${gpu.architecture}; this build needs ${support.minCapability.toFixed(1)}`,
      hint: 'choose a newer GPU, or an engine that supports this one such as llama-cpp or ollama',
    })
  if (!atLeastDriver(recipe, support))
    found.push({
      path: 'target.driver',
      found: `driver ${recipe.target.driver} is older than ${support.minDriver}, which CUDA ${support.cuda} needs`,
      hint: 'update the driver of the hosts, or choose an engine.version whose image has an older CUDA',
    })
  return found
}

function otherDeviceHint({ engine }: Hardware, maker: 'amd' | 'intel' | null): string {
  const devices = (maker === 'amd' ? (['rocm', 'vulkan'] as const) : (['vulkan'] as const)).filter((wanted) =>
    engine.runtimes.some(({ device }) => device === wanted),
  )
  return devices.length === 0 ? '' : `set engine.device to ${devices.join(' or ')}, or `
}

function elsewhereHint({ engine }: Hardware): string {
  const rocm = engine.elsewhere?.rocm
  return rocm === undefined ? '' : `; ${rocm}`
}

/** A ROCm build has code for processors that it names, and a driver compiles none for others. */
function processorRefusals({ runtime: { amd }, gpu, engine }: Hardware): Refusal[] {
  if (amd === undefined || gpu === null || amd.processors.includes(gpu.architecture)) return []
  const vulkan = engine.runtimes.some(({ device }) => device === 'vulkan')
  const elsewhere = vulkan ? 'set engine.device to vulkan, which has no such list, or ' : ''
  if (!isAmd(gpu))
    return [
      {
        path: 'target.gpu',
        found: `${gpu.name} is no GPU of AMD and this runtime is built for ROCm ${amd.rocm}`,
        hint: vendorOf(gpu) === 'nvidia' ? 'set engine.device to cuda' : `${elsewhere}name a GPU of AMD`,
      },
    ]
  return [
    {
      path: 'target.gpu',
      found: `${gpu.name} is ${gpu.architecture}, and this build for ROCm ${amd.rocm} has code for ${amd.processors.join(', ')} alone`,
      hint: `${elsewhere}name a card of one of those`,
    },
  ]
}

function parallelRefusals(deployment: Hardware): Refusal[] {
  const { recipe, runtime, facts, gpu } = deployment
  const { tensorParallel, dtype } = recipe.serving
  const ranks = ranksOf(deployment)
  const found: Refusal[] = []
  if (runtime.device === 'cpu' && tensorParallel > 1)
    found.push({
      path: 'serving.tensorParallel',
      found: `${tensorParallel} GPUs for an image that computes on the CPU`,
      hint: 'leave tensorParallel at 1, or name a GPU in target.gpu',
    })
  if (recipe.target.gpu !== undefined && tensorParallel > recipe.target.count)
    found.push({
      path: 'serving.tensorParallel',
      found: `the model is split over ${tensorParallel} GPUs and target.count is ${recipe.target.count}`,
      hint: `set target.count to ${tensorParallel} or more`,
    })
  else if (recipe.target.gpu !== undefined && ranks > recipe.target.count)
    found.push({
      path: 'serving.extraArguments',
      found: `tensorParallel and ${askedOf(deployment).read.join(', ')} need ${ranks} GPUs, and target.count is ${recipe.target.count}`,
      hint: `set target.count to ${ranks} or more, or split the model less`,
    })
  if (facts && facts.headCount > 0 && facts.headCount % tensorParallel !== 0)
    found.push({
      path: 'serving.tensorParallel',
      found: `${facts.headCount} attention heads do not divide by ${tensorParallel}`,
      hint: `use a divisor of ${facts.headCount}`,
    })
  if (gpu && dtype === 'bfloat16' && !gpu.hasBf16)
    found.push({
      path: 'serving.dtype',
      found: `${gpu.name} has no bfloat16`,
      hint: 'use float16, or a GPU of compute capability 8.0 or newer',
    })
  return found
}
