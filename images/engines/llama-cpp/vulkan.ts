import type { Recipe, VulkanDriver } from '../../../recipes/recipe.ts'
import type { Gpu } from '../../memory/gpus.ts'
import type { NeededFiles, SlimRule } from '../../slim-rules/slimming.ts'
import { driversOf } from '../vulkan-drivers.ts'

/** Packages of Debian beside llama.cpp's own. The last two are what NVIDIA's driver, which the host brings, links to. */
export const vulkanPackages = ['libggml0-backend-vulkan', 'mesa-vulkan-drivers', 'libx11-6', 'libxext6']

/** Mesa's drivers by kind, as their libraries are named: `libvulkan_NAME.so`, told to the loader by `NAME_icd.json`. */
const mesaDrivers: Readonly<Record<VulkanDriver, readonly string[]>> = {
  amd: ['radeon'],
  intel: ['intel', 'intel_hasvk'],
  nvidia: [],
  software: ['lvp'],
}

/** The drivers that stay, with what they need, and the others by name. */
export function vulkanSlimming(
  recipe: Recipe,
  gpu: Gpu | null,
): { rules: readonly SlimRule[]; closure: NeededFiles } {
  const drivers = driversOf(recipe, gpu)
  const kept = drivers.flatMap((driver) => mesaDrivers[driver])
  return {
    rules: [
      {
        id: 'other-vulkan-drivers',
        risk: 'feature',
        paths: ['/usr/lib/**/libvulkan_*.so', '/usr/share/vulkan/icd.d/*.json'],
        except: kept.flatMap((name) => [
          `/usr/lib/**/libvulkan_${name}.so`,
          `/usr/share/vulkan/icd.d/${name}_icd.json`,
        ]),
        reason: `drivers for other devices than this image is for (${drivers.join(', ')})`,
      },
    ],
    closure: {
      roots: [
        ...kept.map((name) => `/usr/lib/**/libvulkan_${name}.so`),
        ...(drivers.includes('nvidia') ? ['/usr/lib/**/libX11.so.6*', '/usr/lib/**/libXext.so.6*'] : []),
      ],
      data: ['/usr/share/vulkan/icd.d/*.json', '/usr/share/libdrm/*', '/usr/share/drirc.d/*'],
    },
  }
}

/** Shaders are compiled at the start and kept where any user may write; NVIDIA's toolkit injects a driver for `graphics`. */
export function vulkanEnvironment(recipe: Recipe, gpu: Gpu | null): Record<string, string> {
  return {
    MESA_SHADER_CACHE_DIR: '/tmp/mesa',
    ...(driversOf(recipe, gpu).includes('nvidia')
      ? { NVIDIA_VISIBLE_DEVICES: 'all', NVIDIA_DRIVER_CAPABILITIES: 'compute,utility,graphics' }
      : {}),
  }
}
