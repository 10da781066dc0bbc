import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Report } from '../../images/report/report.ts'
import { writeBaseModel } from '../models/models.ts'
import { ingot, newWorkplace, storyOf, type Workplace, writeRecipe } from './ingot.ts'

let place: Workplace
let report: Report

/** It names no task: a header without a chat template tells it. */
const text = `name: base
model: { name: base }
engine: { id: llama-cpp, version: ">=0.7" }
weights: { source: { type: folder, path: models } }
serving: { contextLength: 512 }
verify: { prompts: ["The capital of France is"] }
`

beforeAll(async () => {
  place = await newWorkplace()
  await mkdir(join(place.folder, 'models'))
  await writeBaseModel(join(place.folder, 'models/base.gguf'))
  const built = await ingot(['build', await writeRecipe(place, 'base', text), '--json'], place)
  expect(built.code, storyOf(built)).toBe(0)
  expect(built.stderr).toContain('/v1/completions')
  report = JSON.parse(built.stdout)[0]
})

afterAll(async () => {
  await rm(place.folder, { recursive: true, force: true })
})

test('a model without a chat template is verified under the hostile profile, as two users', () => {
  const checks = report.boots.flatMap((boot) => boot.checks)
  expect(checks.filter((check) => check.status !== 'passed')).toEqual([])
  expect(report.verdict).toBe('verified')
  expect(report.boots).toHaveLength(2)
})

test('it was asked to go on with texts, and no chat', () => {
  const ids = report.boots.flatMap((boot) => boot.checks.map(({ id }) => id))
  const wanted = ['ready', 'completions', 'completions-stream', 'completion', 'answers', 'speed']
  expect(ids).toEqual(expect.arrayContaining([...wanted, 'stop-streaming']))
  expect(ids).not.toContain('chat')
})

test('it goes on with sense', () => {
  for (const boot of report.boots) expect(boot.answers.map(({ answer }) => answer).join()).toContain('Paris')
})
