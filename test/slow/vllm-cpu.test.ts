import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Report } from '../../images/report/report.ts'
import type { Lock } from '../../recipes/lock.ts'
import { ingot, lockText, storyOf, type Workplace } from '../e2e/ingot.ts'
import { vllmOnCpu } from './vllm-cpu-model.ts'

let place: Workplace
let report: Report

beforeAll(async () => {
  const made = await vllmOnCpu()
  place = made.place
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
