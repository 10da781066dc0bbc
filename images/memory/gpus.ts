import { distance } from 'fastest-levenshtein'
import { MemoryError } from './error.ts'
import { type GpuRow, gpuRows, gpuSources, sharingHostMemory, type Trust } from './gpu-rows.ts'

/** Peak dense rates in TFLOPS with fp32 accumulation; null where the GPU has no such unit. */
export interface Rates {
  half: number
  fp8: number | null
  fp4: number | null
}

export interface Gpu {
  name: string
  /** Bytes CUDA or HIP shows, which is 0.35 to 0.7 GiB less than nvidia-smi's total. */
  memoryBytes: number
  memoryTrust: Trust
  /** nvidia-smi's total, null where it is not known. */
  smiMiB: number | null
  bandwidthBytesPerSecond: number
  bandwidthTrust: Trust
  /** `8.9` as CUDA counts, `gfx942`, or `xe2`. */
  architecture: string
  tflops: Rates
  tflopsTrust: Trust
  /** False before Ampere: bf16 is refused there. */
  hasBf16: boolean
  /** True where host and GPU share memory, so that other processes decide what is free. */
  sharesHostMemory: boolean
}

/** Other spellings people type; a plain name means the common board. */
const aliases: Readonly<Record<string, string>> = {
  a100: 'a100-80gb',
  'a100-sxm': 'a100-80gb',
  'a100-80gb-sxm': 'a100-80gb',
  'a100-80': 'a100-80gb',
  'a100-40': 'a100-40gb',
  'a100-40gb-sxm': 'a100-40gb',
  a6000: 'rtx-a6000',
  'h100-80gb': 'h100',
  'h100-sxm': 'h100',
  'h100-sxm5': 'h100',
  'h100-80gb-hbm3': 'h100',
  'h200-sxm': 'h200',
  v100: 'v100-16gb',
  gb10: 'dgx-spark',
  a800: 'a800-80gb',
  'ai-pro-r9700': 'r9700',
  'pro-w7900': 'w7900',
  a770: 'arc-a770',
  b580: 'arc-b580',
  'jetson-thor': 'thor',
  'jetson-agx-thor': 'thor',
  '3090': 'rtx-3090',
  '4090': 'rtx-4090',
  '5090': 'rtx-5090',
  'rtx-6000-pro': 'rtx-pro-6000',
  'tesla-t4': 't4',
}

export const gpus: readonly Gpu[] = gpuRows.map(gpuOf)

function gpuOf(row: GpuRow): Gpu {
  const [
    name,
    smiMiB,
    gib,
    memoryTrust,
    gbPerSecond,
    bandwidthTrust,
    architecture,
    half,
    fp8,
    fp4,
    tflopsTrust,
  ] = row
  return {
    name,
    memoryBytes: Math.round(gib * 1024 ** 3),
    memoryTrust,
    smiMiB,
    bandwidthBytesPerSecond: gbPerSecond * 1e9,
    bandwidthTrust,
    architecture,
    tflops: { half, fp8, fp4 },
    tflopsTrust,
    hasBf16: !/^\d/.test(architecture) || Number(architecture) >= 8,
    sharesHostMemory: sharingHostMemory.includes(name),
  }
}

/** Lower case, dashes, without the maker: `NVIDIA RTX 4090`, `rtx_4090` and `NVIDIA GeForce RTX 4090` are `rtx-4090`. */
function keyOf(name: string): string {
  const key = name
    .trim()
    .toLowerCase()
    .replaceAll(/\((r|tm)\)/g, '')
    .replaceAll(/[\s_]+/g, '-')
    .replace(/-graphics$/, '')
    .replace(/^(nvidia|amd|intel)-/, '')
    .replace(/^(geforce|instinct|tesla|radeon)-/, '')
  return key.replace(/^rtx(\d)/, 'rtx-$1')
}

/**
 * What a name of a GPU means. `near`: it is none, and surely a slip, as one or two characters differ from a name of the
 * catalogue. `unknown`: it may be one that the catalogue lacks; the names are those that are nearest.
 */
export type NamedGpu = { type: 'known'; gpu: Gpu } | { type: 'near' | 'unknown'; names: string[] }

/** Boards that exist, look like a slip of another one and are not in the catalogue. */
const others = new Set(
  'a2 l2 l40g p4 p100 k80 m60 v100s rtx-5060-ti strix-halo rtx-2080 rtx-2080-ti rtx-3070 rtx-3090-ti rtx-4080-super rtx-a2000 rtx-a4500 rtx-a5000 rtx-a5500 rtx-4000-ada rtx-5000-ada rtx-pro-4000 rtx-pro-4500 rtx-pro-5000 b100 gb202 rubin mi250 mi300a mi308x'.split(
    ' ',
  ),
)

export function gpuNamed(name: string): NamedGpu {
  const key = keyOf(name)
  const found = gpus.find((gpu) => gpu.name === (aliases[key] ?? key))
  if (found) return { type: 'known', gpu: found }
  const names = [...gpus.map((gpu) => gpu.name), ...Object.keys(aliases)]
  const most = key.length < 4 ? 1 : 2
  const near = names.filter((one) => distance(key, one) <= most)
  if (near.length === 0 || others.has(key)) return { type: 'unknown', names: nearNames(key) }
  return { type: 'near', names: near.sort((a, b) => distance(key, a) - distance(key, b)).slice(0, 3) }
}

/** The GPU people mean by a name. Throws `unknown-gpu` with the nearest names. */
export function findGpu(name: string): Gpu {
  const named = gpuNamed(name)
  if (named.type === 'known') return named.gpu
  throw new MemoryError('unknown-gpu', {
    attempted: `find the GPU "${name}"`,
    found: `the catalogue has no such name; near ones are ${nearNames(keyOf(name)).join(', ')}`,
    hint: 'use one of those names; `ingot memory` also takes --gpu-memory-bytes with the total that torch.cuda.mem_get_info() shows',
  })
}

function nearNames(key: string): string[] {
  const names = [...gpus.map((gpu) => gpu.name)]
  return names
    .map((name) => ({ name, far: distance(key, name) - (name.includes(key) || key.includes(name) ? 10 : 0) }))
    .sort((a, b) => a.far - b.far || (a.name < b.name ? -1 : 1))
    .slice(0, 4)
    .map(({ name }) => name)
}

/** A GPU outside the catalogue: only its memory is known, so rates are zero and no roofline is drawn. */
export function customGpu(name: string, memoryBytes: number): Gpu {
  return {
    name,
    memoryBytes,
    memoryTrust: 'logged',
    smiMiB: null,
    bandwidthBytesPerSecond: 0,
    bandwidthTrust: 'general',
    architecture: 'unknown',
    tflops: { half: 0, fp8: null, fp4: null },
    tflopsTrust: 'general',
    hasBf16: true,
    sharesHostMemory: false,
  }
}

/** Compute capability as a number, 0 for AMD and unknown ones. */
export function capabilityOf(gpu: Gpu): number {
  return Number(gpu.architecture) || 0
}

export function isAmd(gpu: Gpu): boolean {
  return gpu.architecture.startsWith('gfx')
}

/** Who made a card; one that is not in the catalogue counts as NVIDIA's. */
export function vendorOf(gpu: Gpu): 'nvidia' | 'amd' | 'intel' {
  return isAmd(gpu) ? 'amd' : gpu.architecture.startsWith('xe') ? 'intel' : 'nvidia'
}

/** Formats that the card multiplies itself; others are computed in one of these. */
export function nativeFormats({ hasBf16, tflops }: Gpu): string[] {
  return [
    'fp16',
    ...(hasBf16 ? ['bf16'] : []),
    ...(tflops.fp8 ? ['fp8'] : []),
    ...(tflops.fp4 ? ['fp4'] : []),
  ]
}

/** Where the logged figures of a card were printed, null where nobody wrote it down. */
export function sourceOf({ name }: Gpu): string | null {
  return gpuSources[name] ?? null
}
