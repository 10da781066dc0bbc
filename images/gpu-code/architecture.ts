import { GpuCodeError } from './error.ts'

/**
 * `portable` code runs on later minors of its major, `family` code (suffix f) on later minors of its family, `exact`
 * code (suffix a) on that one compute capability only (CUDA C++ Programming Guide, "Compute capabilities").
 */
export type Portability = 'portable' | 'family' | 'exact'

/** `sm_90a` is 9.0, exact. A target is always `portable`: a GPU has a compute capability, no suffix. */
export interface Architecture {
  major: number
  minor: number
  portability: Portability
}

const suffixes: Record<Portability, string> = { portable: '', family: 'f', exact: 'a' }

/**
 * Boards with the GPU on the CPU's die. NVIDIA promises no binary compatibility between them and other GPUs
 * (CUDA C++ Programming Guide, "Binary compatibility").
 */
const embedded = new Set([53, 62, 72, 87, 101, 110])

/** `90` for 9.0, as file formats and names count. */
export function architectureNumber({ major, minor }: Architecture): number {
  return major * 10 + minor
}

export function architectureOf(number: number, portability: Portability = 'portable'): Architecture {
  return { major: Math.floor(number / 10), minor: number % 10, portability }
}

/** `sm_90a`, or `compute_90a` for PTX. */
export function nameOf(architecture: Architecture, prefix: 'sm' | 'compute' = 'sm'): string {
  return `${prefix}_${architectureNumber(architecture)}${suffixes[architecture.portability]}`
}

/**
 * A GPU by `sm_90`, `sm_90a`, `9.0` or `90`; suffixes say nothing about a GPU and are dropped.
 * Throws `bad-architecture`.
 */
export function parseArchitecture(text: string): Architecture {
  const match = /^(?:sm_|compute_)?(\d{2,3})[af]?$/.exec(text)
  const dotted = /^(\d{1,2})\.(\d)$/.exec(text)
  if (match) return architectureOf(Number(match[1]))
  if (dotted) return architectureOf(Number(dotted[1]) * 10 + Number(dotted[2]))
  throw new GpuCodeError('bad-architecture', {
    attempted: `read "${text}" as a GPU architecture`,
    found: 'it is neither sm_ with a number nor a compute capability',
    hint: 'write it as sm_90 or 9.0; `nvidia-smi --query-gpu=compute_cap --format=csv` prints it',
  })
}

/** Whether machine code for `code` can be loaded on a GPU. */
export function runsOn(code: Architecture, gpu: Architecture): boolean {
  if (code.major !== gpu.major || code.minor > gpu.minor) return false
  if (code.minor === gpu.minor) return true
  return code.portability !== 'exact' && isEmbedded(code) === isEmbedded(gpu)
}

/** Whether PTX for `code` can be compiled for a GPU. */
export function compilesFor(code: Architecture, gpu: Architecture): boolean {
  if (code.portability === 'portable') return architectureNumber(code) <= architectureNumber(gpu)
  return runsOn(code, gpu)
}

export function isEmbedded(architecture: Architecture): boolean {
  return embedded.has(architectureNumber(architecture))
}
