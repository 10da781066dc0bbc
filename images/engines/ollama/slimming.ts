import type { SlimRule } from '../../slim-rules/slimming.ts'
import { noWheels } from '../../slim-rules/wheels.ts'

/** One image has a folder of libraries for every kind of GPU; one is kept. */
export function otherBackends(kept: 'cuda_v13' | 'cuda_v12' | 'none'): SlimRule {
  const all = ['cuda_v12', 'cuda_v13', 'vulkan', 'mlx_cuda_v13', 'rocm']
  const folders = all.filter((name) => name !== kept).join(',')
  return {
    id: 'other-gpus',
    risk: 'feature',
    paths: [`/usr/lib/ollama/{${folders}}/**`],
    reason: `libraries for other GPUs than this image is for (${kept === 'none' ? 'CPU' : kept})`,
  }
}

export const wheels = noWheels
