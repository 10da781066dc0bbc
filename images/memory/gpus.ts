import { distance } from 'fastest-levenshtein'
import { MemoryError } from './error.ts'

/**
 * How far a figure can be believed: `logged` was printed by a machine, in an issue or a log, `sheet` is the
 * vendor's, `derived` is computed from a logged figure, `general` is general knowledge and not looked up.
 */
export type Trust = 'logged' | 'sheet' | 'derived' | 'general'

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
  /** `8.9` as CUDA counts, or `gfx942`. */
  architecture: string
  tflops: Rates
  tflopsTrust: Trust
  /** False before Ampere: bf16 is refused there. */
  hasBf16: boolean
  /** True where host and GPU share memory, so that other processes decide what is free. */
  sharesHostMemory: boolean
}

type GpuRow = readonly [
  name: string,
  smiMiB: number | null,
  gib: number,
  memoryTrust: Trust,
  gbPerSecond: number,
  bandwidthTrust: Trust,
  architecture: string,
  half: number,
  fp8: number | null,
  fp4: number | null,
  tflopsTrust: Trust,
]

const rows: readonly GpuRow[] = [
  ['t4', 15360, 14.56, 'logged', 320, 'sheet', '7.5', 65, null, null, 'sheet'],
  ['v100-16gb', 16384, 15.77, 'logged', 900, 'general', '7.0', 125, null, null, 'general'],
  ['v100-32gb', 32768, 31.74, 'general', 900, 'general', '7.0', 125, null, null, 'general'],
  ['a10', 23028, 21.99, 'logged', 600, 'sheet', '8.6', 125, null, null, 'sheet'],
  ['a10g', 23028, 22.0, 'derived', 600, 'sheet', '8.6', 70, null, null, 'general'],
  ['a30', 24576, 23.5, 'general', 933, 'general', '8.0', 165, null, null, 'general'],
  ['a40', 46068, 44.4, 'derived', 696, 'general', '8.6', 150, null, null, 'general'],
  ['rtx-a6000', 49140, 47.5, 'derived', 768, 'general', '8.6', 155, null, null, 'general'],
  ['l4', 23034, 22.04, 'logged', 300, 'sheet', '8.9', 121, 242, null, 'sheet'],
  ['l40', 46068, 44.4, 'derived', 864, 'general', '8.9', 181, 362, null, 'general'],
  ['l40s', 46068, 44.4, 'logged', 864, 'sheet', '8.9', 362, 733, null, 'sheet'],
  ['rtx-6000-ada', 49140, 47.5, 'derived', 960, 'general', '8.9', 182, 364, null, 'general'],
  ['a100-40gb-pcie', 40960, 39.38, 'logged', 1555, 'sheet', '8.0', 312, null, null, 'sheet'],
  ['a100-40gb', 40960, 39.49, 'logged', 1555, 'sheet', '8.0', 312, null, null, 'sheet'],
  ['a100-80gb-pcie', 81920, 79.2, 'general', 1935, 'sheet', '8.0', 312, null, null, 'sheet'],
  ['a100-80gb', 81920, 79.2, 'general', 2039, 'sheet', '8.0', 312, null, null, 'sheet'],
  ['h100', 81559, 79.19, 'logged', 3350, 'sheet', '9.0', 989, 1979, null, 'sheet'],
  ['h100-pcie', 81559, 79.1, 'derived', 2000, 'sheet', '9.0', 756, 1513, null, 'sheet'],
  ['h100-nvl', 95830, 93.0, 'logged', 3938, 'general', '9.0', 835, 1671, null, 'general'],
  ['h20', 97871, 95.1, 'general', 4000, 'general', '9.0', 148, 296, null, 'general'],
  ['h200', 143771, 139.72, 'logged', 4800, 'sheet', '9.0', 989, 1979, null, 'sheet'],
  ['gh200', 97871, 94.5, 'general', 4000, 'general', '9.0', 989, 1979, null, 'general'],
  ['b200', 183359, 178.36, 'logged', 7700, 'sheet', '10.0', 2250, 4500, 9000, 'sheet'],
  ['b300', 275040, 267.9, 'derived', 7750, 'sheet', '10.3', 2250, 4500, 13500, 'sheet'],
  ['gb200', 189471, 184.31, 'logged', 8000, 'sheet', '10.0', 2500, 5000, 10000, 'sheet'],
  ['gb300', 284208, 276.8, 'derived', 8000, 'sheet', '10.3', 2500, 5000, 15000, 'sheet'],
  ['rtx-3060', 12288, 11.6, 'general', 360, 'general', '8.6', 51, null, null, 'general'],
  ['rtx-3080', 10240, 9.8, 'general', 760, 'general', '8.6', 60, null, null, 'general'],
  ['rtx-3090', 24576, 23.58, 'logged', 936, 'sheet', '8.6', 71, null, null, 'sheet'],
  ['rtx-4060', 8188, 8.0, 'logged', 272, 'general', '8.9', 60, 121, null, 'general'],
  ['rtx-4070', 12282, 11.6, 'general', 504, 'general', '8.9', 117, 233, null, 'general'],
  ['rtx-4080', 16376, 15.6, 'general', 717, 'general', '8.9', 97, 195, null, 'general'],
  ['rtx-4090', 24564, 23.64, 'logged', 1008, 'sheet', '8.9', 165, 330, null, 'sheet'],
  ['rtx-5080', 16303, 15.51, 'logged', 960, 'general', '12.0', 113, 225, 900, 'general'],
  ['rtx-5090', 32607, 31.36, 'logged', 1792, 'sheet', '12.0', 209.5, 419, 1676, 'sheet'],
  ['rtx-pro-6000', 97887, 94.97, 'logged', 1792, 'sheet', '12.0', 468, 936, 1871, 'sheet'],
  ['dgx-spark', null, 121.63, 'logged', 273, 'general', '12.1', 125, 250, 500, 'general'],
  ['mi300x', null, 191.69, 'logged', 5300, 'sheet', 'gfx942', 1307, 2615, null, 'sheet'],
  ['mi325x', null, 255.98, 'general', 6000, 'sheet', 'gfx942', 1307, 2615, null, 'sheet'],
  ['mi355x', null, 287.2, 'logged', 8000, 'sheet', 'gfx950', 2516, 5033, 10066, 'general'],
]

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
  '3090': 'rtx-3090',
  '4090': 'rtx-4090',
  '5090': 'rtx-5090',
  'rtx-6000-pro': 'rtx-pro-6000',
  'tesla-t4': 't4',
}

export const gpus: readonly Gpu[] = rows.map(gpuOf)

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
    hasBf16: architecture.startsWith('gfx') || Number(architecture) >= 8,
    sharesHostMemory: name === 'dgx-spark' || name === 'gh200',
  }
}

/** Lower case, dashes, without the maker: `NVIDIA RTX 4090` and `rtx_4090` are `rtx-4090`. */
function keyOf(name: string): string {
  const key = name
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_]+/g, '-')
    .replace(/^(nvidia|amd|geforce|instinct|tesla)-/, '')
    .replace(/^(geforce|instinct|tesla)-/, '')
  return key.replace(/^rtx(\d)/, 'rtx-$1')
}

/**
 * What a name of a GPU means. `near`: it is none, and surely a slip, as one or two characters differ from a name of the
 * catalogue. `unknown`: it may be one that the catalogue lacks; the names are those that are nearest.
 */
export type NamedGpu = { type: 'known'; gpu: Gpu } | { type: 'near' | 'unknown'; names: string[] }

/** Boards that exist, look like a slip of another one and are not in the catalogue. */
const others = new Set(
  'a2 a16 a800 a800-80gb h800 l2 l20 l40g p4 p40 p100 k80 m60 v100s rtx-2080 rtx-2080-ti rtx-3070 rtx-3090-ti rtx-4070-ti rtx-4080-super rtx-5060 rtx-5070 rtx-5070-ti rtx-a2000 rtx-a4000 rtx-a4500 rtx-a5000 rtx-a5500 rtx-4000-ada rtx-5000-ada rtx-pro-4000 rtx-pro-4500 rtx-pro-5000 b100 gb202 rubin mi210 mi250 mi250x mi300a mi308x mi350x'.split(
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
