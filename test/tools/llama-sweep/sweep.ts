import { access, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { engineOf } from '../../../images/engines/engines.ts'
import { customGpu } from '../../../images/memory/gpus.ts'
import { planMemory } from '../../../images/memory/plan.ts'
import { readGgufFile } from '../../../pipelines/model-reader/local.ts'
import { architectures, metadataOf, onDemand, optionalTensors, width } from './architectures.ts'
import { type GgufValue, type SweepTensor, writeHollowGguf } from './gguf-file.ts'
import { record } from './record.ts'
import { type ServerPlace, startDevice, startLines } from './server.ts'
import { type Setting, settings, slots, ubatch } from './settings.ts'

/**
 * Holds the planner against a real llama-server, one architecture after another: a model is written of which the loader itself
 * names the tensors and their sizes, the server reserves its caches and its compute buffer on a device of `ggml-rpc-server`,
 * and the same file is planned.
 *
 *     node test/tools/llama-sweep/sweep.ts --root ROOT [--port N] [--keep] [--record] [ARCHITECTURE...]
 *
 * ROOT is `/` where llama-server is installed, or a root file system that has it (Debian's `llama.cpp-tools`,
 * `llama.cpp-tools-extra` and `libggml0-backend-rpc`); needs root for that.
 * With `--keep` the models stay in ROOT/tmp, and those that lie there are taken. With `--record` the figures go into measured.json.
 */

const MiB = 1024 ** 2

/** Parts by which a planned compute buffer may differ from what the server reserves. */
const within = 0.15

interface SweepModel {
  metadata: Map<string, GgufValue>
  tensors: Map<string, SweepTensor>
}

/** What a loader says is missing, put in; undefined when it says nothing that can be mended. */
function mended(model: SweepModel, lines: readonly string[], known: Map<string, number[]>): boolean {
  const said = lines.join('\n')
  const kind = (name: string) => name.replace(/blk\.\d+\./, 'blk.N.')
  const absent = /tensor '([^']+)' not found/.exec(said)?.[1]
  if (absent !== undefined) {
    const shape = known.get(kind(absent)) ?? [1]
    model.tensors.set(absent, { shape, isHalf: shape.length > 1 && absent.endsWith('.weight') })
    return true
  }
  const wrong = /tensor '([^']+)' has wrong shape; expected\s+([\d, ]+), got/.exec(said)
  if (wrong?.[1] && wrong[2]) {
    const shape = wrong[2].split(',').map(Number)
    while (shape.length > 1 && shape.at(-1) === 1) shape.pop()
    known.set(kind(wrong[1]), shape)
    model.tensors.set(wrong[1], { shape, isHalf: shape.length > 1 && wrong[1].endsWith('.weight') })
    return true
  }
  const key = /key not found in model: (\S+)/.exec(said)?.[1] ?? ''
  const value = onDemand[key.slice(key.indexOf('.') + 1)]
  if (value === undefined || model.metadata.has(key)) return false
  model.metadata.set(key, value)
  return true
}

async function loadable(
  architecture: string,
  place: ServerPlace,
): Promise<{ file: string; lines: string[] }> {
  const file = `sweep-${architecture}.gguf`
  if (
    await access(join(place.root, 'tmp', file)).then(
      () => true,
      () => false,
    )
  )
    return { file, lines: [] }
  const metadata = metadataOf(architecture)
  const model: SweepModel = {
    metadata,
    tensors: new Map([['token_embd.weight', { shape: [width, 32000], isHalf: true }]]),
  }
  for (const name of optionalTensors(architecture)) model.tensors.set(name, { shape: [1], isHalf: false })
  const known = new Map<string, number[]>()
  for (;;) {
    await writeHollowGguf(join(place.root, 'tmp', file), model.metadata, model.tensors)
    const lines = await startLines(place, `/tmp/${file}`, ['-c', '512'])
    if (!mended(model, lines, known)) return { file, lines }
  }
}

function optionsOf({ context, unified, flash }: Setting): string[] {
  const streams = unified ? '--kv-unified' : '--no-kv-unified'
  const sizes = ['-c', String(context), '-np', String(slots), '-b', String(ubatch), '-ub', String(ubatch)]
  return [...sizes, streams, '-fa', flash ? 'on' : 'off']
}

/** MiB of one start: all caches and states, and the compute buffer of the GPU. */
interface Buffers {
  cache: number
  compute: number
}

function sumOf(lines: readonly string[], size: RegExp): number {
  return lines.reduce((sum, line) => sum + Number(size.exec(line)?.[1] ?? 0), 0)
}

/** Caches, states, and what DeepSeek-V4 has not closed yet; buffers of one device have lines of their own. */
const cacheSize =
  /(?:llama_kv_cache\w*: |llama_memory_recurrent: |llama_dsv4_comp_state: .*, )size =\s+([\d.]+) MiB/

/** What the server prints of its buffers; null where it reserved none. */
function reservedMiB(lines: readonly string[]): Buffers | null {
  if (!lines.some((line) => line.includes('compute buffer size'))) return null
  return {
    cache: sumOf(lines, cacheSize),
    compute: sumOf(lines, /RPC0\S* compute buffer size =\s+([\d.]+) MiB/),
  }
}

async function plannedMiB(
  place: ServerPlace,
  file: string,
  { context, unified, flash }: Setting,
): Promise<Buffers | string> {
  const facts = await readGgufFile(join(place.root, 'tmp'), file)
  const plan = planMemory(engineOf('llama-cpp'), {
    facts,
    gpu: customGpu('sweep', 1024 ** 4),
    maxModelLen: context,
    parallel: slots,
    unifiedKv: unified,
    flashAttention: flash,
    ubatch,
  })
  if (plan.outcome !== 'planned') return plan.verdict
  return { cache: plan.kvPoolBytes / MiB, compute: (plan.overheadBytes['computeBuffer'] ?? 0) / MiB }
}

interface Compared {
  agrees: boolean
  text: string
}

function comparedCaches(real: Buffers, planned: Buffers | string): Compared {
  if (typeof planned === 'string') return { agrees: false, text: `no answer: ${planned}` }
  const agrees = Math.abs(real.cache - planned.cache) < 0.016
  return { agrees, text: agrees ? real.cache.toFixed(2) : `${real.cache} (${planned.cache.toFixed(2)} here)` }
}

function comparedGraphs(real: Buffers, planned: Buffers | string): Compared {
  if (typeof planned === 'string') return { agrees: false, text: 'no answer' }
  const agrees = Math.abs(planned.compute / real.compute - 1) <= within
  return { agrees, text: `${real.compute} (${planned.compute.toFixed(2)} here)` }
}

function cellOf(compared: readonly Compared[]): string {
  const word = compared.every(({ agrees }) => agrees) ? 'agrees' : 'differs'
  return `${word} | ${compared.map(({ text }) => text).join('; ')}`
}

/** The device may end when its client does, so each start has one of its own. */
async function linesOnDevice(place: ServerPlace, file: string, setting: Setting): Promise<string[]> {
  const device = await startDevice(place)
  try {
    return await startLines(place, `/tmp/${file}`, [...optionsOf(setting), ...device.options])
  } finally {
    await device.end()
  }
}

async function row(architecture: string, place: ServerPlace): Promise<string> {
  const { file, lines } = await loadable(architecture, place)
  try {
    const caches: Compared[] = []
    const graphs: Compared[] = []
    const reals: Buffers[] = []
    for (const setting of settings) {
      const start = await linesOnDevice(place, file, setting)
      const real = reservedMiB(start)
      if (real === null)
        return `| ${architecture} | not run | ${reasonOf(start.length > 3 ? start : lines)} |`
      const planned = await plannedMiB(place, file, setting)
      caches.push(comparedCaches(real, planned))
      graphs.push(comparedGraphs(real, planned))
      reals.push(real)
    }
    const figures = {
      cacheMiB: reals.map(({ cache }) => cache),
      computeMiB: reals.map(({ compute }) => compute),
    }
    if (values.record) await record(architecture, join(place.root, 'tmp', file), figures)
    return `| ${architecture} | ${cellOf(caches)} | ${cellOf(graphs)} |`
  } finally {
    if (!values.keep) await rm(join(place.root, 'tmp', file), { force: true })
  }
}

function reasonOf(lines: readonly string[]): string {
  const said = lines
    .filter((line) => /error loading|ASSERT|ABORT|unknown model|key not found|fatal/.test(line))
    .at(-1)
  return (said ?? lines.at(-1) ?? 'no line').replace(/^[\d.]+ [A-Z] /, '').slice(0, 160)
}

const { values, positionals } = parseArgs({
  options: {
    root: { type: 'string', default: '/' },
    port: { type: 'string', default: '18999' },
    keep: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
  allowPositionals: true,
})
const place = { root: values.root, port: Number(values.port) }
for (const architecture of positionals.length > 0 ? positionals : architectures)
  console.log(await row(architecture, place))
