import { readFile } from 'node:fs/promises'
import { cpus, release, totalmem } from 'node:os'
import { instructionsOf, type RunnerFacts } from '../../images/boot/runner-facts.ts'
import { StageError } from '../error.ts'
import { type GpuChoice, gpuCount } from './container-flags.ts'
import { nvidiaFacts } from './nvidia.ts'
import { renderNodes } from './render-nodes.ts'
import { type Tool, toolOutput } from './tool.ts'

/** This machine as a runner: version of the tool, kernel, processors, memory and GPUs. */
export async function machineOf(tool: Tool, gpus: GpuChoice | null): Promise<RunnerFacts> {
  const field = tool.name === 'docker' ? '{{.Server.Version}}' : '{{.Client.Version}}'
  return {
    runner: tool.name,
    version: await toolOutput(tool, ['version', '--format', field]),
    kernel: release(),
    cpus: cpus().length,
    memoryBytes: totalmem(),
    ...instructionsOf(await readFile('/proc/cpuinfo', 'utf8').catch(() => '')),
    ...(gpus?.type === 'dri'
      ? { gpus: (await renderNodes()).gpus, driver: null, cuda: null }
      : await nvidiaFacts(tool.environment)),
  }
}

function requireCards(cards: number, runner: string): void {
  if (cards > 0) return
  throw new StageError('unfit-machine', {
    attempted: `hand /dev/dri to ${runner}`,
    found: 'there is no /dev/dri/renderD* here',
    hint: 'load the driver of the card (amdgpu, i915, xe), or leave out --gpus to use the software device of the image',
  })
}

/** Throws `unfit-machine` when more GPUs are asked for than are here. */
export function requireGpus(gpus: GpuChoice | null, { gpus: present, runner }: RunnerFacts): void {
  if (gpus?.type === 'dri') {
    requireCards(present.length, runner)
    return
  }
  const wanted =
    gpus?.type === 'indexes' ? Math.max(...gpus.indexes) + 1 : Math.max(1, gpuCount(gpus, present.length))
  if (gpus === null || wanted <= present.length) return
  throw new StageError('unfit-machine', {
    attempted: `hand GPUs to ${runner}`,
    found:
      present.length === 0
        ? 'nvidia-smi shows no GPU here'
        : `this machine has ${present.length} GPUs, not ${wanted}`,
    hint: 'install the NVIDIA driver and its container toolkit, or ask for fewer with --gpus',
  })
}
