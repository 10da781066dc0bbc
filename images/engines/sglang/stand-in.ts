import type { StandIn } from '../../boot/stand-in.ts'
import { capabilityOf } from '../../memory/gpus.ts'
import type { Deployment } from '../engine.ts'
import { packagesOf } from '../python-environment.ts'

/** Its mode for CPUs, which the wheels for CUDA have as well. */
const mode = [
  ...['--device', 'cpu'],
  ...['--attention-backend', 'torch_native'],
  ...['--sampling-backend', 'pytorch'],
  '--disable-cuda-graph',
]

/** `lscpu -p=CPU,Core,Socket,Node`, which that mode reads: every processor a core of its own, on one socket. */
const lscpu = `#!/bin/sh
n=0
while read -r name _; do
  case $name in processor) echo "$n,$n,0,0"; n=$((n + 1)) ;; esac
done < /proc/cpuinfo
`

/** How its image from wheels starts without a GPU; its official images were not tried. */
export function standIn({ runtime: { source }, gpu }: Deployment): StandIn | undefined {
  if (source.type !== 'python') return undefined
  const kernels = `${packagesOf(source)}/sgl_kernel`
  // Without a card it takes the operators of another, which slimming has removed for a Hopper.
  const isHopper = gpu !== null && Math.floor(capabilityOf(gpu)) === 9
  return {
    arguments: mode,
    variables: { SGLANG_USE_CPU_ENGINE: '1' },
    driverFunctions: ['cuPointerGetAttribute'],
    folders: isHopper ? [{ from: `${kernels}/sm90`, to: `${kernels}/sm100` }] : [],
    programs: [{ path: '/usr/bin/lscpu', script: lscpu }],
    source:
      'the image for an h100 of 0.5.23 started so by hand: ready after 27 s, as user 54321 on a read-only root',
  }
}
