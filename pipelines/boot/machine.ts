import { cpus, release, totalmem } from 'node:os'
import type { RunnerFacts } from '../../images/boot/runner-facts.ts'
import { StageError } from '../error.ts'
import { type GpuChoice, gpuCount } from './container-flags.ts'
import { nvidiaFacts } from './nvidia.ts'
import { type Tool, toolOutput } from './tool.ts'

/** This machine as a runner: version of the tool, kernel, processors, memory and GPUs. */
export async function machineOf(tool: Tool): Promise<RunnerFacts> {
  const field = tool.name === 'docker' ? '{{.Server.Version}}' : '{{.Client.Version}}'
  return {
    runner: tool.name,
    version: await toolOutput(tool, ['version', '--format', field]),
    kernel: release(),
    cpus: cpus().length,
    memoryBytes: totalmem(),
    ...(await nvidiaFacts(tool.environment)),
  }
}

/** Throws `unfit-machine` when more GPUs are asked for than are here. */
export function requireGpus(gpus: GpuChoice | null, { gpus: present, runner }: RunnerFacts): void {
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
