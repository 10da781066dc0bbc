import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { engineOf } from '../../../images/engines/engines.ts'
import { customGpu } from '../../../images/memory/gpus.ts'
import { planMemory } from '../../../images/memory/plan.ts'
import { factsFromGguf } from '../../../recipes/model-facts/gguf.ts'
import { metadataOf, onDemand } from '../../tools/llama-sweep/architectures.ts'
import measured from '../../tools/llama-sweep/measured.json' with { type: 'json' }
import type { Measured } from '../../tools/llama-sweep/record.ts'
import { settings, slots, ubatch } from '../../tools/llama-sweep/settings.ts'

const MiB = 1024 ** 2

/** Graphs that are more than 15 % away from what the server reserves. */
const otherGraphs: readonly string[] = ['deepseek4']

const all: [string, Measured][] = Object.entries(measured)

function headerOf(architecture: string, { asked }: Measured): Record<string, unknown> {
  const entries = asked.map((key): [string, unknown] => [`${architecture}.${key}`, onDemand[key]])
  return Object.fromEntries([...metadataOf(architecture), ...entries])
}

function planned(architecture: string, one: Measured, setting: (typeof settings)[number]) {
  const { context, unified, flash } = setting
  const tensors = Object.entries(one.shapes).map(([name, shape]) => ({ name, shape, dtype: 1 }))
  const plan = planMemory(engineOf('llama-cpp'), {
    facts: factsFromGguf(headerOf(architecture, one), tensors),
    gpu: customGpu('measured', 1024 ** 4),
    weightsBytes: 1024 ** 3,
    maxModelLen: context,
    parallel: slots,
    unifiedKv: unified,
    flashAttention: flash,
    ubatch,
  })
  if (plan.outcome !== 'planned') throw new Error(plan.verdict)
  return plan
}

const graphOf = (architecture: string, one: Measured, index: number) => {
  const setting = settings[index]
  return setting && (planned(architecture, one, setting).overheadBytes['computeBuffer'] ?? 0) / MiB
}

/** What llama-server 0.7.0 (build 11669) reserved for small models, as `test/tools/llama-sweep/sweep.ts --record` wrote it down. */
test.each(all)('%s has its caches to the printed digit', (architecture, one) => {
  const caches = settings.map((setting) => planned(architecture, one, setting).kvPoolBytes / MiB)
  for (const [index, cache] of caches.entries())
    expect(Math.abs(cache - (one.cacheMiB[index] ?? 0))).toBeLessThan(0.016)
})

test('graphs come within 15 % of what is reserved, but for those that are named', () => {
  const away = all.filter(([architecture, one]) =>
    one.computeMiB.some(
      (real, index) => Math.abs((graphOf(architecture, one, index) ?? 0) / real - 1) > 0.15,
    ),
  )
  expect(away.map(([architecture]) => architecture)).toEqual(otherGraphs)
  expect(all.length).toBeGreaterThan(40)
})

test('docs/notes/memory.md has the counts', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../../../docs/notes/memory.md'), 'utf8')
  const near = all.length - otherGraphs.length
  expect(page).toContain(`Of ${all.length} architectures the caches of all agree`)
  expect(page).toContain(`and the compute buffers of ${near}:`)
})
