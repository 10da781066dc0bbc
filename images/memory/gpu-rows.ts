/**
 * How far a figure can be believed: `logged` was printed by a machine, in an issue or a log, `sheet` is the
 * vendor's, `derived` is computed from a logged figure, `general` is general knowledge and not looked up.
 */
export type Trust = 'logged' | 'sheet' | 'derived' | 'general'

export type GpuRow = readonly [
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

/** Cards of NVIDIA, by age and memory. */
const nvidia: readonly GpuRow[] = [
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
  ['p40', 24576, 22.38, 'general', 346, 'general', '6.1', 11.8, null, null, 'general'],
  ['a16', 15356, 14.54, 'general', 200, 'general', '8.6', 18, null, null, 'general'],
  ['rtx-a4000', 16376, 15.61, 'logged', 448, 'general', '8.6', 77, null, null, 'general'],
  ['l20', 46068, 44.4, 'derived', 864, 'general', '8.9', 119, 239, null, 'general'],
  ['a800-80gb', 81920, 79.33, 'logged', 2039, 'general', '8.0', 312, null, null, 'general'],
  ['h800', 81559, 79.1, 'general', 3350, 'general', '9.0', 989, 1979, null, 'general'],
  ['rtx-4060-ti-16gb', 16380, 15.6, 'general', 288, 'general', '8.9', 44, 88, null, 'general'],
  ['rtx-4070-ti', 12282, 11.7, 'logged', 504, 'general', '8.9', 80, 160, null, 'general'],
  ['rtx-4090-48gb', 49140, 47.4, 'general', 1008, 'general', '8.9', 165, 330, null, 'general'],
  ['rtx-5060', 8151, 7.53, 'general', 448, 'general', '12.0', 38, 77, 307, 'general'],
  ['rtx-5060-ti-16gb', 16311, 15.48, 'logged', 448, 'general', '12.0', 47, 95, 380, 'general'],
  ['rtx-5070', 12227, 11.5, 'general', 672, 'general', '12.0', 62, 123, 494, 'general'],
  ['rtx-5070-ti', 16303, 15.51, 'derived', 896, 'general', '12.0', 88, 176, 703, 'general'],
  ['thor', null, 122, 'derived', 273, 'logged', '11.0', 258, 517, 1035, 'general'],
  ['jetson-orin-64gb', null, 61.4, 'general', 205, 'general', '8.7', 43, null, null, 'general'],
]

/** Cards of AMD. HIP shows nearly all of the memory. */
const amd: readonly GpuRow[] = [
  ['mi300x', null, 191.69, 'logged', 5300, 'sheet', 'gfx942', 1307, 2615, null, 'sheet'],
  ['mi325x', null, 255.98, 'general', 6000, 'sheet', 'gfx942', 1307, 2615, null, 'sheet'],
  ['mi355x', null, 287.2, 'logged', 8000, 'sheet', 'gfx950', 2516, 5033, 10066, 'general'],
  ['mi50', null, 15.98, 'logged', 1024, 'general', 'gfx906', 26, null, null, 'general'],
  ['mi210', null, 63.98, 'general', 1638, 'general', 'gfx90a', 181, null, null, 'general'],
  ['mi250x', null, 63.98, 'general', 1638, 'general', 'gfx90a', 192, null, null, 'general'],
  ['mi350x', null, 287.2, 'derived', 8000, 'general', 'gfx950', 2300, 4600, 9200, 'general'],
  ['rx-7900-xt', null, 19.98, 'derived', 800, 'general', 'gfx1100', 103, null, null, 'general'],
  ['rx-7900-xtx', null, 23.98, 'logged', 960, 'logged', 'gfx1100', 123, null, null, 'general'],
  ['w7900', null, 47.98, 'derived', 864, 'general', 'gfx1100', 123, null, null, 'general'],
  ['strix-halo-128gb', null, 108.62, 'logged', 256, 'general', 'gfx1151', 59, null, null, 'general'],
  ['rx-9070-xt', null, 15.92, 'general', 640, 'general', 'gfx1201', 195, 389, null, 'general'],
  ['r9700', null, 31.86, 'general', 640, 'general', 'gfx1201', 191, 383, null, 'general'],
]

/** Cards of Intel, which Vulkan alone reaches here. */
const intel: readonly GpuRow[] = [
  ['arc-a770', null, 15.9, 'general', 560, 'general', 'xe-hpg', 131, null, null, 'general'],
  ['arc-b580', null, 11.93, 'general', 456, 'general', 'xe2', 117, null, null, 'general'],
  ['arc-pro-b60', null, 23.9, 'general', 456, 'general', 'xe2', 98, null, null, 'general'],
]

export const gpuRows: readonly GpuRow[] = [...nvidia, ...amd, ...intel]

/** Boards whose GPU shares the memory of the host, so that other processes decide what is free. */
export const sharingHostMemory: readonly string[] = [
  'dgx-spark',
  'gh200',
  'thor',
  'jetson-orin-64gb',
  'strix-halo-128gb',
]

/**
 * Where figures of trust `logged` were printed: repository and number of an issue or a pull request. `modal-client#2797` lists what
 * nvidia-smi shows of seven cards. Of the first logged cards some were read in logs that are not public.
 */
export const gpuSources: Readonly<Record<string, string>> = {
  t4: 'CatVTON#133, modal-client#2797',
  a10: 'Qwen3#1387, modal-client#2797',
  l4: 'djl-serving#3055, modal-client#2797',
  l40s: 'vllm#23230, modal-client#2797',
  'a100-40gb-pcie': 'vllm#16570',
  'a100-40gb': 'modal-client#2797',
  h100: 'vllm#27508, vllm#10511, modal-client#2797',
  'h100-nvl': 'VACE#56',
  h200: 'vllm#13074',
  b200: 'TensorRT-LLM#10278',
  'rtx-3090': 'vllm#10517, vllm#2140',
  'rtx-4090': 'Phidias#8',
  'rtx-5090': 'TrajectoryCrafter#20',
  'rtx-pro-6000': 'xinfer#182',
  mi355x: 'sglang#18263',
  'a800-80gb': 'Kimi-VL#51',
  l20: 'vllm#7721',
  'rtx-a4000': 'VGGT-Long#6',
  'rtx-4070-ti': 'Kolors#11',
  'rtx-5060-ti-16gb': 'Comfyui_turbodiffusion#37',
  thor: 'ds4#716, vllm.cpp#168',
  mi50: 'alpha-miner#5',
  'rx-7900-xtx': 'LACT#533',
  r9700: 'ollama#13085 (its architecture)',
  'strix-halo-128gb': 'unsloth#10418 (the least of three settings of a 128 GB machine, as Vulkan shows it)',
}
