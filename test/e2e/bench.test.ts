import { copyFile, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LoadReport } from '../../images/load/load-report.ts'
import { demoRecipe, ingot, newWorkplace, type Run, type Workplace, writeRecipe } from './ingot.ts'

const licence = join(import.meta.dirname, '../../LICENSE')

let place: Workplace
let image: string
let recipeText: string

beforeAll(async () => {
  place = await newWorkplace()
  // Its own limits give way to those of a test.
  recipeText = (await readFile(demoRecipe, 'utf8')).replace(/^verify:[\s\S]*?(?=^image:)/m, '')
  const build = await ingot(['build', await recipeOf(['errors <= 0%']), '--no-verify'], place)
  expect(build.code, build.stderr).toBe(0)
  image = build.stdout.trimEnd().split('\n').at(-1) ?? ''
})

afterAll(() => rm(place.folder, { recursive: true, force: true }))

/** The demo with a small load; limits are no part of the plan, so that one image serves all of them. */
function recipeOf(limits: readonly string[], quality: object = {}): Promise<string> {
  const load = {
    concurrency: [1, 2, 4],
    requests: 6,
    shapes: [
      { inputTokens: 128, outputTokens: 8 },
      { inputTokens: 48, outputTokens: 24 },
    ],
    limits,
  }
  const text = `${recipeText}verify: ${JSON.stringify({ load, ...quality })}\n`
  return writeRecipe(place, 'smollm2-135m-llama-cpp', text)
}

/** The machine of a test may be busy, and what is judged here is far from any figure. */
const bench = async (recipe: string, ...more: string[]): Promise<Run> =>
  ingot(['bench', recipe, '--although-busy', ...more], place)

test('a gate that passes: three concurrencies, every request counted by the server', async () => {
  const recipe = await recipeOf(['ttft p99 <= 600s at 4 users', 'errors <= 0%'])
  const folder = join(place.folder, 'reports')
  const files = ['--report', folder, '--record', join(place.folder, 'answers.json')]
  const run = await bench(recipe, '--json', ...files)
  expect(run.code, run.stderr).toBe(0)
  const report: LoadReport = JSON.parse(run.stdout)
  expect(report.image).toBe(image)
  expect(report.judgement.status).toBe('passed')
  expect(report.tokenRate.from).toBe('usage')
  expect(report.processor).not.toBeNull()
  expect(report.noise.idleOthers).toHaveLength(4)
  expect(report.steps.map(({ pattern }) => (pattern.type === 'users' ? pattern.users : null))).toEqual([
    1, 2, 4, 1,
  ])
  for (const { figures, requests, engine } of report.steps) {
    // Debian's llama-server tells what is under way, and no use of its cache.
    expect(engine).toMatchObject({ cachePeak: null, waitingPeak: expect.any(Number) })
    expect(engine?.runningPeak).toBeGreaterThanOrEqual(1)
    expect(requests.map(({ outputTokens }) => outputTokens)).toEqual([8, 24, 8, 24, 8, 24])
    for (const [index, { inputTokens, outputFrom }] of requests.entries()) {
      expect(outputFrom).toBe('usage')
      // Rare words have two tokens.
      expect(Math.abs((inputTokens ?? 0) - (index % 2 === 0 ? 128 : 48))).toBeLessThanOrEqual(16)
    }
    expect(figures.model?.decodeMsPerToken).toBeGreaterThan(0)
  }
  const page = await readFile(join(folder, 'load.html'), 'utf8')
  expect(page).toContain('ttft p99 &lt;= 600s at 4 users')
})

test('a gate that fails, with the answers of before: exit code 1, and what was measured', async () => {
  const quality = {
    answers: './answers.json',
    questions: [{ ask: 'What is the capital of France? Answer in one word.', mentions: 'Paris' }],
    perplexity: { text: './text.txt', contextTokens: 64, chunks: 2 },
    limits: ['answers >= 100%', 'questions >= 100%', 'perplexity <= 10000'],
  }
  await copyFile(licence, join(place.folder, 'text.txt'))
  const recipe = await recipeOf(['decode >= 100000 tokens/s', 'errors <= 0%'], { quality })
  const accepted = join(place.folder, 'reports/load.json')
  const run = await bench(recipe, '--against', accepted)
  expect(run.code, run.stderr).toBe(1)
  expect(run.stdout).toMatch(/failed {2}decode >= 100000 tokens\/s: [\d.]+ tokens\/s \(4 users\)/)
  expect(run.stdout).toContain('1 of 1 answers are those of ./answers.json')
  expect(run.stdout).toContain('passed  answers >= 100%: 1 of 1')
  expect(run.stdout).toContain('passed  questions >= 100%: 1 of 1')
  expect(run.stdout).toMatch(/Perplexity \d+\.\d{4} \+\/- \d+\.\d+ over .\/text.txt/)
  expect(run.stdout).toMatch(/passed {2}perplexity <= 10000: \d+\.\d{4} /)
  expect(run.stdout).toContain('limits: failed')
  expect(run.stdout).toContain(`beside ${image}`)
  expect(run.stdout.trimEnd().split('\n').at(-1)).toBe(image)
})
