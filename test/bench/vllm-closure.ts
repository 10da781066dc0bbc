// How small vLLM's Python closure gets for one GPU, from the published wheels: node test/bench/vllm-closure.ts [sm_90]
// Fetches some 3 GB from the package index, one wheel at a time; needs python3 with pip, 4 GB of disk and 2 GB of memory.
import { execFileSync } from 'node:child_process'
import { lstat, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { engineOf } from '../../images/engines/engines.ts'
import {
  architectureNumber,
  architectureOf,
  parseArchitecture,
  runsOn,
} from '../../images/gpu-code/architecture.ts'
import { rulesFor } from '../../images/slim-rules/rule.ts'
import { ruleMatcher } from '../../images/slim-rules/slimming.ts'
import type { RewrittenFile } from '../../images/tree/rewritten.ts'
import { rewriteFiles } from '../../pipelines/slim-tree/rewrite.ts'
import { riskClasses } from '../../recipes/recipe.ts'
import { memoryOf } from '../images/elf/memory.ts'
import { codeInMemory } from '../images/gpu-code/second-reader.ts'

const wheels: Readonly<Record<string, string>> = {
  vllm: '0.33.0',
  torch: '2.14.0',
  triton: '3.8.0',
  'nvidia-nccl-cu13': '2.32.3',
  'nvidia-cublas': '13.10.0.20',
  'nvidia-cudnn-cu13': '9.28.1.4',
  'nvidia-curand': '10.4.5.25',
  'nvidia-cufft': '12.5.0.14',
  'nvidia-cusolver': '12.4.1.2',
  'nvidia-cusparse': '12.9.4.2',
  'nvidia-cusparselt-cu13': '0.10.0',
  'nvidia-nvshmem-cu13': '3.8.0',
  'nvidia-cuda-cupti': '13.5.25',
  'nvidia-cufile': '1.20.0.107',
  'nvidia-cuda-nvrtc': '13.5.37',
  numpy: '2.4.6',
  sympy: '1.14.0',
  networkx: '3.6.1',
}

const target = parseArchitecture(process.argv[2] ?? 'sm_90')
const rules = rulesFor(
  engineOf('vllm').wheels.rules,
  { distributions: wheels, targets: [target] },
  riskClasses,
).map((rule) => ({
  ...rule,
  matches: ruleMatcher(rule),
}))
const sums = { stock: 0, gpuCode: 0, symbols: 0, safe: 0, feature: 0, jit: 0, unusable: 0 }

for (const [name, version] of Object.entries(wheels)) {
  const folder = await mkdtemp(join(tmpdir(), 'ingot-closure-'))
  try {
    await countWheel(`${name}==${version}`, folder)
    process.stderr.write(`${name} ${version}: ${JSON.stringify(sums)}\n`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
printTable()

async function countWheel(wheel: string, folder: string): Promise<void> {
  const tree = join(folder, 'opt/site-packages')
  await mkdir(tree, { recursive: true })
  const python = (...words: string[]) => execFileSync('python3', words, { cwd: folder, stdio: 'pipe' })
  const platforms = Array.from({ length: 20 }, (_, index) => `manylinux_2_${index + 12}_x86_64`)
  const wanted = [...platforms, 'manylinux2014_x86_64', 'any'].flatMap((platform) => ['--platform', platform])
  python(
    '-m',
    'pip',
    'download',
    '-q',
    '--no-deps',
    '--only-binary',
    ':all:',
    '--python-version',
    '3.11',
    ...wanted,
    '--dest',
    '.',
    wheel,
  )
  for (const file of (await readdir(folder)).filter((entry) => entry.endsWith('.whl'))) {
    python('-m', 'zipfile', '-e', file, tree)
    await rm(join(folder, file))
  }
  const before = await sizesBelow(folder)
  const rewritten = new Map<string, RewrittenFile>()
  const rewriting = { targets: [`sm_${architectureNumber(target)}`], symbols: true, bytecode: false }
  for await (const file of rewriteFiles(folder, rewriting)) rewritten.set(file.path, file)
  const after = await sizesBelow(folder)
  for (const [path, sizeBytes] of before) addFile(path, sizeBytes, after.get(path) ?? 0, rewritten.get(path))
  for (const path of rewritten.keys()) sums.unusable += await unusableBytes(join(folder, path))
}

function addFile(path: string, stockBytes: number, leftBytes: number, part: RewrittenFile | undefined): void {
  sums.stock += stockBytes
  sums.gpuCode += part?.gpuCodeBytes ?? 0
  sums.symbols += part?.symbolBytes ?? 0
  const rule = rules.find(({ matches }) => matches(path))
  if (rule) sums[rule.risk] += leftBytes
}

/** Path below the folder to size, of regular files. */
async function sizesBelow(folder: string): Promise<Map<string, number>> {
  const sizes = new Map<string, number>()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    sizes.set(path.slice(folder.length), (await lstat(path)).size)
  }
  return sizes
}

/** Machine code that the target cannot load, counted in memory by a reader that shares no line with the product. */
async function unusableBytes(path: string): Promise<number> {
  return codeInMemory(memoryOf(await readFile(path)))
    .filter(({ name, payload }) => payload.length !== 208 && !isUsable(name))
    .reduce((sum, { payload }) => sum + payload.length, 0)
}

function isUsable(name: string): boolean {
  const [, kind = '', number = '', suffix = ''] = /^(elf|ptx)(\d+)([af]?)$/.exec(name) ?? []
  if (kind === '') return true
  const portability = suffix === 'a' ? 'exact' : suffix === 'f' ? 'family' : 'portable'
  const code = architectureOf(Number(number), portability)
  return kind === 'elf' ? runsOn(code, target) : architectureNumber(code) <= architectureNumber(target)
}

function printTable(): void {
  const steps = [
    ['stock', 0],
    ['GPU code', sums.gpuCode],
    ['safe rules', sums.safe],
    ['symbols', sums.symbols],
    ['feature rules', sums.feature],
    ['jit rules', sums.jit],
  ] as const
  let left = sums.stock
  for (const [name, bytes] of steps) {
    left -= bytes
    console.log(
      `${name.padEnd(14)} ${(left / 1e6).toFixed(1).padStart(8)} MB  ${(left / sums.stock).toFixed(3)}`,
    )
  }
  console.log(
    `GPU code that sm_${architectureNumber(target)} cannot load, by the second reader: ${sums.unusable} bytes`,
  )
}
