import { engineOf } from '../images/engines/engines.ts'
import type { Trust } from '../images/memory/gpu-rows.ts'
import { type Gpu, gpus, nativeFormats, sourceOf, vendorOf } from '../images/memory/gpus.ts'
import { row } from './markdown.ts'

/** Every card that `target.gpu` and `ingot memory --gpu` know. */
export function gpusPage(): string {
  return [
    '# GPUs',
    '',
    'Cards that `target.gpu` and `ingot memory --gpu` know by name. Memory is what a program of CUDA or HIP is shown, in GiB; nvidia-smi shows more. The last columns say how far a figure can be believed:',
    '*logged* was printed by a machine, and the source is the repository and number of the issue where it stands; *sheet* is the vendor’s; *derived* is computed from a logged figure of a like board; *general* is',
    'general knowledge that nobody looked up. Formats are those that the card multiplies itself. A card that is not here is told by `--gpu-memory-bytes`, or is planned without memory and with a doubt.',
    '',
    'What runs on them: CUDA images on NVIDIA’s cards from the capability that the engine’s build needs ([engines.md](engines.md)); `engine.device: vulkan` of llama.cpp on all of them;',
    `\`engine.device: rocm\` of llama.cpp on those whose architecture Debian’s libraries have code for: ${llamaCppProcessors()}. Images for SYCL are not built.`,
    'No image has been booted on a real card yet; Vulkan is booted on a software device ([verify.md](verify.md)).',
    '',
    'This page is generated from `images/memory/gpu-rows.ts` by `npm run docs`.',
    ...section('NVIDIA', 'nvidia', 'capability'),
    ...section('AMD', 'amd', 'architecture'),
    ...section('Intel', 'intel', 'architecture'),
    '',
  ].join('\n')
}

function llamaCppProcessors(): string {
  return engineOf('llama-cpp')
    .runtimes.flatMap(({ amd }) => amd?.processors ?? [])
    .join(', ')
}

function section(title: string, vendor: ReturnType<typeof vendorOf>, architecture: string): string[] {
  const rows = gpus.filter((gpu) => vendorOf(gpu) === vendor).sort((a, b) => (a.name < b.name ? -1 : 1))
  return [
    '',
    `## ${title}`,
    '',
    row([
      'name',
      'memory, GiB',
      architecture,
      'GB/s',
      'formats',
      'fp16, TFLOPS',
      'memory is',
      'bandwidth is',
      'source',
    ]),
    row(Array.from({ length: 9 }, () => '---')),
    ...rows.map(cardRow),
  ]
}

function cardRow(gpu: Gpu): string {
  const shared = gpu.sharesHostMemory ? ', shared with the host' : ''
  return row([
    `\`${gpu.name}\``,
    `${(gpu.memoryBytes / 1024 ** 3).toFixed(2)}${shared}`,
    gpu.architecture,
    String(gpu.bandwidthBytesPerSecond / 1e9),
    nativeFormats(gpu).join(', '),
    String(gpu.tflops.half),
    gpu.memoryTrust,
    gpu.bandwidthTrust,
    sourceOf(gpu) ?? noSource[gpu.memoryTrust],
  ])
}

const noSource: Readonly<Record<Trust, string>> = {
  logged: 'a log that is not public',
  sheet: 'the vendor',
  derived: '',
  general: '',
}
