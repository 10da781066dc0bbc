import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { engineOf } from '../../../images/engines/engines.ts'
import { customGpu } from '../../../images/memory/gpus.ts'
import { planMemory } from '../../../images/memory/plan.ts'
import { readGgufFile } from '../../../pipelines/model-reader/local.ts'
import { architectures, metadataOf, onDemand, optionalTensors, width } from './architectures.ts'
import { type GgufValue, type SweepTensor, writeHollowGguf } from './gguf-file.ts'
import { type ServerPlace, startLines } from './server.ts'

/**
 * Holds the planner against a real llama-server, one architecture after another: a model is written of which the loader itself
 * names the tensors and their sizes, the server reserves its caches, and the same file is planned.
 *
 *     node test/tools/llama-sweep/sweep.ts --root ROOT [--port N] [ARCHITECTURE...]
 *
 * ROOT is `/` where llama-server is installed, or a root file system that has it (Debian's `llama.cpp-tools`); needs root for that.
 */

const MiB = 1024 ** 2

interface Setting {
  context: number
  unified: boolean
}

const settings: readonly Setting[] = [
  { context: 8192, unified: true },
  { context: 16384, unified: false },
]

const slots = 4
const ubatch = 256

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
    model.tensors.set(absent, { shape, isHalf: shape.length > 1 })
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

function optionsOf({ context, unified }: Setting): string[] {
  const flag = unified ? '--kv-unified' : '--no-kv-unified'
  return ['-c', String(context), '-np', String(slots), '-b', String(ubatch), '-ub', String(ubatch), flag]
}

/** MiB of all caches and states, as the server prints them; null where it reserved nothing and did not say why. */
function cachedMiB(lines: readonly string[]): number | null {
  const sizes = lines.flatMap((line) => {
    const match = /(?:llama_kv_cache|llama_memory_recurrent)\w*: size =\s+([\d.]+) MiB/.exec(line)
    return match ? [Number(match[1])] : []
  })
  const isReserved = lines.some((line) => line.includes('compute buffer size'))
  return sizes.length === 0 && !isReserved ? null : sizes.reduce((sum, size) => sum + size, 0)
}

async function plannedMiB(
  place: ServerPlace,
  file: string,
  { context, unified }: Setting,
): Promise<number | string> {
  const facts = await readGgufFile(join(place.root, 'tmp'), file)
  const plan = planMemory(engineOf('llama-cpp'), {
    facts,
    gpu: customGpu('sweep', 1024 ** 4),
    maxModelLen: context,
    parallel: slots,
    unifiedKv: unified,
    ubatch,
  })
  return plan.outcome === 'planned' ? plan.kvPoolBytes / MiB : plan.verdict
}

function agreement(real: number, planned: number | string): string {
  if (typeof planned === 'string') return `no answer: ${planned}`
  return Math.abs(real - planned) < 0.016 ? 'agrees' : `${planned.toFixed(2)} planned`
}

async function row(architecture: string, place: ServerPlace): Promise<string> {
  const { file, lines } = await loadable(architecture, place)
  try {
    const cells: string[] = []
    for (const setting of settings) {
      const start = await startLines(place, `/tmp/${file}`, optionsOf(setting))
      const real = cachedMiB(start)
      if (real === null)
        return `| ${architecture} | not run | ${reasonOf(start.length > 3 ? start : lines)} |`
      cells.push(`${real.toFixed(2)} ${agreement(real, await plannedMiB(place, file, setting))}`)
    }
    return `| ${architecture} | ${cells.every((cell) => cell.endsWith('agrees')) ? 'agrees' : 'differs'} | ${cells.join('; ')} |`
  } finally {
    await rm(join(place.root, 'tmp', file), { force: true })
  }
}

function reasonOf(lines: readonly string[]): string {
  const said = lines
    .filter((line) => /error loading|ASSERT|ABORT|unknown model|key not found|fatal/.test(line))
    .at(-1)
  return (said ?? lines.at(-1) ?? 'no line').replace(/^[\d.]+ [A-Z] /, '').slice(0, 160)
}

const { values, positionals } = parseArgs({
  options: { root: { type: 'string', default: '/' }, port: { type: 'string', default: '18999' } },
  allowPositionals: true,
})
for (const architecture of positionals.length > 0 ? positionals : architectures)
  console.log(await row(architecture, { root: values.root, port: Number(values.port) }))
