import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Architecture, nameOf, parseArchitecture } from '../../images/gpu-code/architecture.ts'
import { messageOf } from '../../lib/error.ts'
import type { SlimmedFile } from '../../pipelines/gpu-code/gpu-code.ts'
import { agreesWithNvidia } from './cuobjdump.ts'
import { judgeChecks, type ProofRun, type ProofRuns } from './judge.ts'
import { cacheFiles, copyLibraries, slimLibraries, stockFolders, unusableBytes } from './libraries.ts'
import { packKit } from './pack.ts'
import { partsOf } from './parts.ts'
import { type ProofLibrary, type ProofMachine, type ProofReport, proofMarkdown, verdictOf } from './report.ts'

const { values: options } = parseArgs({
  options: {
    pack: { type: 'string' },
    out: { type: 'string', default: '.gpu-proof-report' },
    work: { type: 'string', default: tmpdir() },
    python: { type: 'string', default: 'python3' },
    // The card that the libraries are slimmed for where none is here.
    target: { type: 'string', default: 'sm_90' },
    minutes: { type: 'string', default: '8' },
    cuobjdump: { type: 'string' },
  },
})

const scripts = import.meta.dirname
const beganMs = Date.now()
const seconds: Record<string, number> = {}

function say(text: string): void {
  process.stderr.write(`${((Date.now() - beganMs) / 1000).toFixed(1).padStart(6)} s  ${text}\n`)
}

async function step<Result>(name: string, act: () => Promise<Result> | Result): Promise<Result> {
  say(name)
  const startMs = Date.now()
  const result = await act()
  seconds[name] = (Date.now() - startMs) / 1000
  return result
}

function secondsLeft(): number {
  return Number(options.minutes) * 60 - (Date.now() - beganMs) / 1000
}

interface RunPlace {
  name: string
  what: 'all' | 'eager'
  /** Folder that stands before the machine's own libraries; undefined for stock. */
  libraries?: string
  device: 'cuda' | 'cpu'
  folder: string
}

/** One process with caches of its own; null where it did not write its results, which is then said. */
async function run({ name, what, libraries, device, folder }: RunPlace): Promise<ProofRun | null> {
  const output = join(folder, `${name}.json`)
  const own = join(folder, `caches-${name}`)
  mkdirSync(own, { recursive: true })
  const child = spawn(options.python, [join(scripts, 'checks.py'), device, what, output], {
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: Math.max(1, secondsLeft()) * 1000,
    env: {
      ...process.env,
      ...(libraries === undefined ? {} : { PYTHONPATH: libraries }),
      ...(what === 'eager' ? { CUDA_MODULE_LOADING: 'EAGER' } : {}),
      CUDA_CACHE_PATH: join(own, 'driver'),
      CUDA_CACHE_MAXSIZE: '4294967296',
      TRITON_CACHE_DIR: join(own, 'triton'),
      TORCHINDUCTOR_CACHE_DIR: join(own, 'inductor'),
      CUBLAS_WORKSPACE_CONFIG: ':4096:8',
      PYTHONDONTWRITEBYTECODE: '1',
      MASTER_ADDR: '127.0.0.1',
    },
  })
  const code = await new Promise((ended) => child.once('exit', (code, signal) => ended(code ?? signal)))
  if (!existsSync(output)) say(`${name} ended with ${code} and wrote nothing`)
  // The file was written by checks.py.
  return existsSync(output) ? (JSON.parse(readFileSync(output, 'utf8')) as ProofRun) : null
}

function cuobjdumpOf(site: string): string | null {
  const places = [options.cuobjdump, '/usr/local/cuda/bin/cuobjdump', join(site, 'nvidia/cu13/bin/cuobjdump')]
  return places.find((path) => path !== undefined && existsSync(path)) ?? null
}

interface Readings {
  slimmed: readonly SlimmedFile[]
  /** Folder of the copy. */
  place: string
  site: string
}

/** What NVIDIA's program counts in each stock file, by path, beside the runs: it takes minutes for the largest. Null where time was short. */
async function askNvidia({ slimmed, place, site }: Readings): Promise<Map<string, boolean | null>> {
  const program = cuobjdumpOf(site)
  const found = new Map<string, boolean | null>()
  const waiting = slimmed.map(({ file }) => relative(place, file))
  const askOne = async () => {
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      const timeoutMs = (secondsLeft() - secondsForRest) * 1000
      const asked = program !== null && timeoutMs > 0
      found.set(path, asked ? await agreesWithNvidia(program, join(site, path), timeoutMs) : null)
    }
  }
  // Half of the processors stay for the runs.
  await Promise.all(Array.from({ length: Math.max(1, availableParallelism() / 2) }, askOne))
  return found
}

/** What is kept for the readings after the runs, so that the report is written in time. */
const secondsForRest = 60

/** What was slimmed, read again by two programs that know nothing of ours. */
function readAgain(
  { slimmed, place }: Readings,
  target: Architecture,
  nvidia: ReadonlyMap<string, boolean | null>,
): ProofLibrary[] {
  return slimmed.map(({ file, sizeBeforeBytes, sizeAfterBytes }) => ({
    path: relative(place, file),
    beforeBytes: sizeBeforeBytes,
    afterBytes: sizeAfterBytes,
    unusableBytes: unusableBytes(file, target),
    asNvidiaSays: nvidia.get(relative(place, file)) ?? null,
  }))
}

async function prove(): Promise<ProofReport> {
  const folder = mkdtempSync(join(options.work, 'ingot-gpu-proof-'))
  try {
    return await proveIn(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function proveIn(folder: string): Promise<ProofReport> {
  const machine = machineFacts()
  const target = parseArchitecture(machine.capability ?? options.target)
  const device = machine.card === null ? 'cpu' : 'cuda'
  say(`${machine.card ?? 'no card'}, torch ${machine.torch}; code is kept for ${nameOf(target)}`)
  const [slim, none] = [join(folder, 'slim'), join(folder, 'none')]
  await step('copy', () => copyLibraries(machine.site, slim))
  const slimmed = await step('slim', () => slimLibraries(slim, target))
  const readings = { slimmed, place: slim, site: machine.site }
  const nvidia = askNvidia(readings)
  const place = { folder, device } as const
  const runs: Partial<Record<keyof ProofRuns, ProofRun | null>> = {}
  runs.stock = await step('stock', () => run({ ...place, name: 'stock', what: 'all' }))
  runs.slim = await step('slim run', () => run({ ...place, name: 'slim', what: 'all', libraries: slim }))
  runs.again = await step('again', () => run({ ...place, name: 'again', what: 'all' }))
  const eager = await step('eager', async () => ({
    stock: await run({ ...place, name: 'eager-stock', what: 'eager' }),
    slim: await run({ ...place, name: 'eager-slim', what: 'eager', libraries: slim }),
  }))
  if (device === 'cuda')
    runs.control = await step('control', async () => {
      copyLibraries(slim, none)
      await slimLibraries(none, otherThan(target))
      return run({ ...place, name: 'control', what: 'all', libraries: none })
    })
  const libraries = await step('read again', async () => readAgain(readings, target, await nvidia))
  const caches = Object.fromEntries(
    ['stock', 'again', 'slim'].map((name) => [name, cacheFiles(join(folder, `caches-${name}`, 'driver'))]),
  )
  const parts = partsOf({ machine, runs, eager, libraries, caches, stockFolders: stockFolders(machine.site) })
  const { stock, again, slim: seen } = runs
  return {
    ingot: execFileSync(process.execPath, ['-p', 'require("./package.json").version'], {
      cwd: resolve(scripts, '../..'),
      encoding: 'utf8',
    }).trim(),
    machine,
    target: nameOf(target),
    verdict: verdictOf(machine, parts),
    parts,
    libraries,
    checks:
      stock && again && seen ? judgeChecks({ stock, again, slim: seen, control: runs.control ?? null }) : [],
    runs: figuresOf({ ...runs, 'eager-stock': eager.stock, 'eager-slim': eager.slim }),
    caches,
    seconds,
  }
}

/** What Python says of this machine. Throws where it has no torch that can be imported. */
function machineFacts(): ProofMachine {
  const { status, stdout, stderr } = spawnSync(options.python, [join(scripts, 'facts.py')], {
    encoding: 'utf8',
  })
  if (status !== 0)
    throw new Error(`${options.python} cannot import torch: name another one with --python\n${stderr ?? ''}`)
  // It was printed by facts.py.
  return JSON.parse(stdout) as ProofMachine
}

/** A card that runs none of what was kept. */
function otherThan({ major }: Architecture): Architecture {
  return parseArchitecture(major === 7 ? 'sm_80' : 'sm_75')
}

function figuresOf(runs: Record<string, ProofRun | null | undefined>): ProofReport['runs'] {
  return Object.fromEntries(
    Object.entries(runs).flatMap(([name, one]) => {
      if (one === null || one === undefined) return []
      const { checks: _, libraries: __, ...figures } = one
      return [[name, figures]]
    }),
  )
}

async function report(): Promise<void> {
  const proof = await prove()
  mkdirSync(options.out, { recursive: true })
  writeFileSync(join(options.out, 'report.json'), `${JSON.stringify(proof, null, 1)}\n`)
  writeFileSync(join(options.out, 'report.md'), proofMarkdown(proof))
  process.stdout.write(proofMarkdown(proof))
  process.exitCode = proof.verdict === 'proven' ? 0 : proof.verdict === 'failed' ? 1 : 3
}

if (options.pack !== undefined) {
  packKit(options.pack)
  say(`packed ${options.pack}, ${statSync(join(options.pack, 'node.xz')).size} bytes of it Node`)
} else {
  await report().catch((error: unknown) => {
    say(messageOf(error))
    process.exitCode = 3
  })
}
