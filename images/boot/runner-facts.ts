import { digestOf, hexOf } from '../../lib/digest.ts'

/** A GPU as nvidia-smi shows it, or the kernel. */
export interface RunnerGpu {
  name: string
  memoryBytes: number
  /** Compute capability, 8.9; null where the driver is too old to say. */
  capability: number | null
  /** `gfx1100` of AMD's, as its kernel driver tells; absent for others. */
  processor?: string
}

/** What the machine that booted an image is. */
export interface RunnerFacts {
  runner: 'dagger' | 'docker' | 'podman'
  /** Version of the runner itself. */
  version: string
  kernel: string
  cpus: number
  memoryBytes: number
  gpus: RunnerGpu[]
  /** Version of the NVIDIA driver, null without one. */
  driver: string | null
  /** Newest CUDA version this driver runs, null without one. */
  cuda: string | null
  /** The platform of the image, where the machine has another one and emulates it; absent where it is the machine's own. */
  emulates?: string
  /** First digits of a sha256 over what /proc/cpuinfo says that the processor can do; absent in older reports. */
  instructions?: string
}

const MiB = 1024 ** 2

/** Reads /proc/cpuinfo: `flags` of the first processor, `Features` on Arm. Nothing where there is neither. */
export function instructionsOf(cpuinfo: string): Pick<RunnerFacts, 'instructions'> {
  const words = /^(?:flags|Features)\s*:(.*)$/m.exec(cpuinfo)?.[1]?.trim().split(/\s+/)
  if (words === undefined) return {}
  return { instructions: hexOf(digestOf([...new Set(words)].sort().join(' '))).slice(0, 16) }
}

/** Columns of `nvidia-smi --query-gpu=` in the order `parseGpus` reads them. */
export const gpuColumns = 'driver_version,compute_cap,memory.total,name'

/** Reads `nvidia-smi --query-gpu=<gpuColumns> --format=csv,noheader,nounits`. */
export function parseGpus(csv: string): { driver: string | null; gpus: RunnerGpu[] } {
  const rows = csv
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.split(',').map((cell) => cell.trim()))
  return {
    driver: rows[0]?.[0] ?? null,
    gpus: rows.map(([, capability, memory, ...name]) => ({
      name: name.join(', '),
      memoryBytes: Number(memory) * MiB,
      capability: Number.isFinite(Number(capability)) ? Number(capability) : null,
    })),
  }
}

/** The CUDA version in the head of plain `nvidia-smi`. */
export function parseCudaVersion(text: string): string | null {
  return /CUDA Version:\s*(\d+\.\d+)/.exec(text)?.[1] ?? null
}
