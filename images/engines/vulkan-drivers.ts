import type { Recipe, VulkanDriver } from '../../recipes/recipe.ts'
import { type Gpu, vendorOf } from '../memory/gpus.ts'

/**
 * Drivers of a Vulkan image: what the recipe says, else those of its card, else all. AMD's needs LLVM (139 MB), with which the
 * software driver is 16 MB more; Intel's and NVIDIA's do without.
 */
export function driversOf({ target }: Recipe, gpu: Gpu | null): readonly VulkanDriver[] {
  if (target.drivers !== undefined) return target.drivers
  if (gpu === null) return ['amd', 'intel', 'nvidia', 'software']
  const vendor = vendorOf(gpu)
  return vendor === 'amd' ? ['amd', 'software'] : [vendor]
}
