import { copyFile, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LoadReport } from '../../images/load/load-report.ts'
import type { Report } from '../../images/report/report.ts'
import type { Lock } from '../../recipes/lock.ts'
import { ingot, lockText, storyOf, type Workplace } from '../e2e/ingot.ts'
import { vllmOnCpu } from './vllm-cpu-model.ts'

let place: Workplace
let recipe: string
let report: Report

beforeAll(async () => {
  const made = await vllmOnCpu()
  ;({ place, recipe } = made)
  const built = await ingot(['build', made.recipe, '--json'], place)
  expect(built.code, storyOf(built)).toBe(0)
  report = JSON.parse(built.stdout)[0]
})

afterAll(async () => {
  await rm(place.folder, { recursive: true, force: true })
})

test('vLLM from locked wheels is verified under the hostile profile, as two users', () => {
  const checks = report.boots.flatMap((boot) => boot.checks)
  // Its source says that the signal is forgotten then, so nothing is tried.
  expect(checks.flatMap(({ id, status }) => (status === 'passed' ? [] : [`${id} ${status}`]))).toEqual([
    'stop-loading skipped',
  ])
  const stops = report.boots.flatMap((boot) => boot.stops ?? [])
  expect(stops.map(({ occasion, exitCode }) => `${occasion} ${exitCode}`)).toEqual([
    'streaming 0',
    'plain 0',
    'idle 0',
  ])
  expect(report.verdict).toBe('verified')
  expect(report.engine.id).toBe('vllm')
})

test('the model answers with sense', () => {
  for (const boot of report.boots) expect(boot.answers.map(({ answer }) => answer).join()).toContain('Paris')
})

test('the lock names every wheel by its hash, and no mirror', async () => {
  const text = await lockText(place)
  const lock: Lock = JSON.parse(text)
  expect(lock.runtime.type).toBe('python')
  if (lock.runtime.type !== 'python') return
  expect(lock.runtime.distributions.map(({ name }) => name)).toContain('vllm-cpu')
  expect(lock.runtime.distributions.length).toBeGreaterThan(100)
  expect(text).not.toMatch(/https?:\/\//)
})

test('on the bench it scores a text itself, and its own page says how full its cache was', async () => {
  await copyFile(join(import.meta.dirname, '../../LICENSE'), join(place.folder, 'text.txt'))
  const verify = {
    startTimeoutSeconds: 1800,
    quality: {
      perplexity: { text: './text.txt', contextTokens: 64, chunks: 2 },
      limits: ['perplexity <= 1000', 'perplexity <= 1'],
    },
    load: {
      concurrency: [2],
      requests: 4,
      shapes: [{ inputTokens: 64, outputTokens: 16 }],
      limits: ['preemptions <= 0', 'cache <= 100%', 'errors <= 0%'],
    },
  }
  const text = (await readFile(recipe, 'utf8')).replace(/^verify:.*$/m, `verify: ${JSON.stringify(verify)}`)
  await writeFile(recipe, text)
  const run = await ingot(['bench', recipe, '--although-busy', '--json'], place)
  expect(run.code, run.stderr).toBe(1)
  const { quality, judgement, steps }: LoadReport = JSON.parse(run.stdout)
  expect(quality?.perplexity?.program).toBe('log-probabilities of /v1/completions')
  expect(quality?.judgement.limits.map(({ status }) => status)).toEqual(['passed', 'failed'])
  expect(judgement.status).toBe('passed')
  expect(steps[0]?.engine?.cachePeak).toBeGreaterThan(0)
  expect(steps[0]?.engine?.runningPeak).toBeGreaterThan(0)
})
