import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { gpuColumns, parseCudaVersion, parseGpus, type RunnerFacts } from '../../images/boot/runner-facts.ts'
import { runProgram } from '../process/program.ts'
import type { ProgramSettings } from '../settings/settings.ts'

const MiB = 1024 ** 2

/** GPUs, driver and CUDA version of this machine by nvidia-smi; nothing where there is none. */
export async function nvidiaFacts(
  environment: ProgramSettings['environment'],
): Promise<Pick<RunnerFacts, 'gpus' | 'driver' | 'cuda'>> {
  const query = [`--query-gpu=${gpuColumns}`, '--format=csv,noheader,nounits']
  const said = await runProgram('nvidia-smi', query, { environment })
  if (said.exitCode !== 0) return { gpus: [], driver: null, cuda: null }
  const head = await runProgram('nvidia-smi', [], { environment })
  return { ...parseGpus(said.stdout), cuda: parseCudaVersion(head.stdout) }
}

/** Watches the used memory of all GPUs together from now on. */
export interface GpuWatch {
  /** Most bytes above the first reading; null before the first. */
  growthBytes(): number | null
  stop(): void
}

/** Starts `nvidia-smi` in a loop; it prints one line for each GPU twice a second. */
export function watchGpus(environment: ProgramSettings['environment'], gpus: number): GpuWatch {
  const args = ['--query-gpu=index,memory.used', '--format=csv,noheader,nounits', '--loop-ms=500']
  const child = spawn('nvidia-smi', args, { env: environment, stdio: ['ignore', 'pipe', 'ignore'] })
  const used = new Map<string, number>()
  let first: number | null = null
  let most = 0
  child.on('error', () => undefined)
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [index = '', memory] = line.split(',')
    used.set(index.trim(), Number(memory) * MiB)
    if (used.size < gpus) return
    const sum = [...used.values()].reduce((total, bytes) => total + bytes, 0)
    first ??= sum
    most = Math.max(most, sum)
  })
  return {
    growthBytes: () => (first === null ? null : most - first),
    stop: () => void child.kill(),
  }
}
